// Basic authentication: checks bcrypt hashes on worker threads and remembers which passwords were right. Reactor
// thread only.
#pragma once

#include "core/slots.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"
#include "server/auth/access_review.hpp"
#include "server/auth/expiring_cache.hpp"
#include "server/auth/password_file.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace nodescope::auth {

class password_check {
public:
    /// `workers` outlives this.
    explicit password_check(worker_pool& workers);

    /// An unknown user takes as long as a wrong password. Fails when no thread becomes free in time.
    task<result<judgement>> check(std::shared_ptr<const password_table> users, std::string user, std::string password,
                                  deadline limit);

    static constexpr std::chrono::seconds remembered_for{60};
    static constexpr std::size_t most_entries = 128;

private:
    worker_pool& workers_;
    /// One at a time: the other thread stays free for work that costs no CPU.
    slot_pool slots_{"password checks", 1, 64};
    /// Right passwords only, keyed by a digest of user, hash and password, so that a changed hash is another key.
    expiring_cache<bool> right_;
    std::string salt_;
};

}  // namespace nodescope::auth
