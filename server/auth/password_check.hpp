// Basic authentication: checks bcrypt hashes on worker threads and remembers which passwords were right. Reactor
// thread only.
#pragma once

#include "core/shared_calls.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"
#include "server/auth/access_review.hpp"
#include "server/auth/expiring_cache.hpp"
#include "server/auth/secret_tables.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace nodescope::auth {

class password_check {
public:
    /// `workers` outlives this.
    explicit password_check(worker_pool& workers);

    /// An unknown user takes as long as a wrong password. Fails when no thread becomes free in time. `peer` is the
    /// caller's http::caller_key(): each has one check, waiting or under way, so the line of checks is a round robin of
    /// peers. failure::overloaded for what is beyond, or comes while a peer pauses after an expensive wrong password.
    /// The same user and password asked for several times share one check.
    task<result<judgement>> check(std::shared_ptr<const password_table> users, std::string user, std::string password,
                                  std::string peer, deadline limit);
    /// Whether check() would say `allowed` without a check.
    [[nodiscard]] bool remembers(const password_table& users, const std::string& user, const std::string& password);

    /// Since it was last shown. A hash that changes is another key, so what this bounds is the time that a digest of an
    /// unused password stays in memory.
    static constexpr std::chrono::hours remembered_for{1};
    static constexpr std::size_t most_entries = 128;
    /// A peer that was wrong waits this many times as long as the check took: it gets a quarter of one core.
    static constexpr int pause_factor = 3;
    /// Ten checks as cheap as this in a second, which is what the limit of failures lets through, are no burden.
    static constexpr std::chrono::milliseconds cheap_check{10};
    static constexpr std::chrono::seconds longest_pause{2};

private:
    struct peer_places;
    struct turn;
    struct question {
        question() = default;
        std::string key;   ///< of right_
        std::string hash;  ///< empty: no such user
        std::string password;
        int cost = 0;
    };
    [[nodiscard]] question question_of(const password_table& users, const std::string& user,
                                       const std::string& password) const;
    bool recall(const question& what);
    task<result<judgement>> check_in_turn(question what, std::string peer, deadline limit);

    worker_pool& workers_;
    /// One at a time: the other threads stay free for work that costs no CPU.
    slot_pool slots_{"password checks", 1, 64};
    std::shared_ptr<peer_places> places_;
    /// A check may wait for those of as many peers as are in line.
    shared_calls<judgement> calls_{std::chrono::minutes(1)};
    /// Right passwords only, keyed by a digest of user, hash and password, so that a changed hash is another key.
    expiring_cache<bool> right_;
    std::string salt_;
};

}  // namespace nodescope::auth
