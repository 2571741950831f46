// Remembers what an access_reviewer answered: what was allowed for a minute, what was refused for 5 seconds. Reactor
// thread only.
#pragma once

#include "core/shared_calls.hpp"
#include "core/slots.hpp"
#include "server/auth/access_review.hpp"
#include "server/auth/expiring_cache.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace nodescope::auth {

class review_cache {
public:
    using clock = expiring_cache<int>::clock;

    /// `reviewer` outlives this. `limit` bounds one review.
    review_cache(access_reviewer& reviewer, steady_clock::duration limit, clock now = steady_clock::now);

    /// Null when it is nobody's token. A failure is not remembered. Identical questions in flight share one review.
    task<result<std::shared_ptr<const reviewed_user>>> user_of(std::string token, deadline limit);
    task<result<judgement>> may(std::shared_ptr<const reviewed_user> who, access_question what, deadline limit);

    static constexpr std::chrono::seconds allowed_for{60};
    static constexpr std::chrono::seconds denied_for{5};
    static constexpr std::size_t most_entries = 1'024;
    /// Reviews at once: a flood of invented tokens must not flood the API server.
    static constexpr std::size_t most_reviews = 8;

private:
    using user = std::shared_ptr<const reviewed_user>;
    task<result<user>> ask_user(std::string key, std::string token, deadline limit);
    task<result<judgement>> ask_access(std::string key, user who, access_question what, deadline limit);

    access_reviewer& reviewer_;
    slot_pool slots_{"access reviews", most_reviews, 64};
    // Refusals are kept apart, so that invented tokens cannot push out valid ones.
    expiring_cache<user> users_;
    expiring_cache<bool> nobodies_;
    expiring_cache<bool> allowed_;
    expiring_cache<bool> refused_;
    shared_calls<user> user_calls_;
    shared_calls<judgement> access_calls_;
};

}  // namespace nodescope::auth
