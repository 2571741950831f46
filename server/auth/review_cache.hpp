// Remembers what an access_reviewer answered: what was allowed for a minute, what was refused for 5 seconds. Callers
// who show tokens that nobody knows wait for each other, and not those whose tokens are known. Reactor thread only.
#pragma once

#include "core/shared_calls.hpp"
#include "core/slots.hpp"
#include "core/turns.hpp"
#include "server/auth/access_review.hpp"
#include "server/auth/expiring_cache.hpp"
#include "server/auth/failure_limiter.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace nodescope::auth {

class review_cache {
public:
    using clock = expiring_cache<int>::clock;

    /// `reviewer` and `failures` outlive this. `limit` bounds one review, with its wait in line.
    review_cache(access_reviewer& reviewer, failure_limiter& failures, steady_clock::duration limit,
                 clock now = steady_clock::now);

    /// Null when it is nobody's token. A failure is not remembered. Identical questions in flight share one review.
    /// `caller` is its http::caller_key(). Of each caller one token that is not known is reviewed at a time, and the
    /// next one only when it has not failed too often (`failures`). failure::overloaded when too many wait.
    task<result<std::shared_ptr<const reviewed_user>>> user_of(std::string token, std::string caller, deadline limit);
    /// Whether this token was valid in the last hour, and not refused since: a question about it is no guess.
    [[nodiscard]] bool has_known(const std::string& token);
    /// Whether it would be refused without a review.
    [[nodiscard]] bool has_refused(const std::string& token);
    task<result<judgement>> may(std::shared_ptr<const reviewed_user> who, access_question what, deadline limit);
    /// As of the reviewer.
    [[nodiscard]] bool asks_for_url() const noexcept { return reviewer_.asks_for_url(); }

    static constexpr std::chrono::seconds allowed_for{60};
    static constexpr std::chrono::seconds denied_for{5};
    static constexpr std::chrono::hours known_for{1};
    static constexpr std::size_t most_entries = 1'024;
    /// Reviews at once: a flood of invented tokens must not flood the API server.
    static constexpr std::size_t most_reviews = 8;
    /// Of these for rights, and for tokens, of callers with a good token in the last hour, however many others wait.
    static constexpr std::size_t kept_reviews = 4;
    /// Callers in line, and reviews of one caller that wait: as many as one may have connections by default.
    static constexpr std::size_t most_waiting = 64;

private:
    using user = std::shared_ptr<const reviewed_user>;
    task<result<user>> review_user(std::string key, std::string token, std::string caller, deadline limit);
    task<result<user>> review_in_turn(std::string key, std::string token, std::string caller, deadline limit);
    task<result<user>> review_in(slot_pool& places, std::string key, std::string token, std::string caller,
                                 deadline limit);
    task<> rest(std::string caller, deadline limit);
    task<result<judgement>> review_access(std::string key, user who, access_question what, deadline limit);

    access_reviewer& reviewer_;
    failure_limiter& failures_;
    slot_pool kept_{"access reviews", kept_reviews, most_waiting};
    slot_pool others_{"reviews of unknown tokens", most_reviews - kept_reviews, most_waiting};
    turns_by_key callers_{"token review", most_waiting};
    // Refusals are kept apart, so that invented tokens cannot push out valid ones.
    expiring_cache<user> users_;
    expiring_cache<bool> nobodies_;
    expiring_cache<bool> known_;
    expiring_cache<bool> known_callers_;
    expiring_cache<bool> allowed_;
    expiring_cache<bool> refused_;
    shared_calls<user> user_calls_;
    shared_calls<judgement> access_calls_;
};

}  // namespace nodescope::auth
