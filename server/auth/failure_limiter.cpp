#include "server/auth/failure_limiter.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include <netinet/in.h>

namespace nodescope::auth {

namespace {

/// A bucket that has not been used for this long is full again.
constexpr std::chrono::seconds refilled_after{1};

}  // namespace

std::string failure_key(const sockaddr_storage& remote, const std::string& peer_text)
{
    constexpr std::size_t network_prefix = 8;
    const auto bytes = [](const void* from, std::size_t count) {
        return std::string(static_cast<const char*>(from), count);
    };
    if (remote.ss_family == AF_INET) {
        return bytes(&reinterpret_cast<const sockaddr_in*>(&remote)->sin_addr, sizeof(in_addr));
    }
    if (remote.ss_family != AF_INET6) return peer_text;
    const in6_addr& address = reinterpret_cast<const sockaddr_in6*>(&remote)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&address)) return bytes(address.s6_addr + 12, sizeof(in_addr));
    return bytes(address.s6_addr, network_prefix);
}

failure_limiter::failure_limiter(clock now)
    : now_(std::move(now)), buckets_(most_addresses, refilled_after, [this] { return now_(); })
{
}

failure_limiter::bucket failure_limiter::current(const std::string& key)
{
    bucket now_in;
    if (const bucket* const known = buckets_.find(key)) {
        const std::chrono::duration<double> passed = now_() - known->at;
        now_in.left = std::min<double>(failures_per_second, known->left + passed.count() * failures_per_second);
    }
    now_in.at = now_();
    return now_in;
}

bool failure_limiter::exhausted(const std::string& key) { return current(key).left < 1; }

void failure_limiter::count(const std::string& key)
{
    bucket taken = current(key);
    taken.left = std::max(0.0, taken.left - 1);
    buckets_.put(key, taken);
}

}  // namespace nodescope::auth
