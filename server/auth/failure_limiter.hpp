// Limits how often one caller may fail to authenticate: ten times a second, then it is answered 429. Reactor thread
// only.
#pragma once

#include "core/deadline.hpp"
#include "server/auth/expiring_cache.hpp"

#include <cstddef>
#include <string>

namespace nodescope::auth {

/// Callers are told apart by http::caller_key().
class failure_limiter {
public:
    using clock = std::function<steady_clock::time_point()>;
    explicit failure_limiter(clock now = steady_clock::now);

    /// Whether this caller has to wait before credentials that are not known to be good are looked at.
    [[nodiscard]] bool exhausted(const std::string& key);
    /// How long it has to; zero when it need not.
    [[nodiscard]] steady_clock::duration wait_of(const std::string& key);
    void count(const std::string& key);

    static constexpr int failures_per_second = 10;
    /// Addresses that are remembered at once. The one that failed first is forgotten first.
    static constexpr std::size_t most_addresses = 1'024;

private:
    struct bucket {
        double left = failures_per_second;
        steady_clock::time_point at{};
    };
    [[nodiscard]] bucket current(const std::string& key);

    clock now_;
    expiring_cache<bucket> buckets_;
};

}  // namespace nodescope::auth
