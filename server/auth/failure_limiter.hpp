// Limits how often one address may fail to authenticate: ten times a second, then it is answered 429. Reactor thread
// only.
#pragma once

#include "core/deadline.hpp"
#include "server/auth/expiring_cache.hpp"

#include <cstddef>
#include <string>

#include <sys/socket.h>

namespace nodescope::auth {

/// The key by which failures are counted: an IPv4 address, the /64 of an IPv6 address (one host has a whole /64), or
/// the uid behind a Unix socket.
std::string failure_key(const sockaddr_storage& remote, const std::string& peer_text);

class failure_limiter {
public:
    using clock = std::function<steady_clock::time_point()>;
    explicit failure_limiter(clock now = steady_clock::now);

    /// Whether this caller has to wait before its credentials are looked at.
    [[nodiscard]] bool exhausted(const std::string& key);
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
