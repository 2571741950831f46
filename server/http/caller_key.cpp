#include "server/http/caller_key.hpp"

#include "server/http/listener.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <numeric>
#include <span>
#include <string_view>

#include <netinet/in.h>

namespace nodescope::http {

namespace {

constexpr std::string_view mapped_v4 = "::ffff:";
constexpr std::ptrdiff_t prefix_bytes = 8;

std::string network_text(sockaddr_storage remote)
{
    in6_addr& address = reinterpret_cast<sockaddr_in6*>(&remote)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&address)) return host_text(remote).substr(mapped_v4.size());
    std::fill(std::begin(address.s6_addr) + prefix_bytes, std::end(address.s6_addr), std::uint8_t{0});
    return host_text(remote) + "/64";
}

constexpr std::size_t v4_at = 12;  // in an address of IPv6 that stands for one of IPv4

std::uint64_t big_endian(std::span<const std::uint8_t> bytes)
{
    return std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0},
                           [](std::uint64_t sum, std::uint8_t byte) { return (sum << 8U) | byte; });
}

caller_number number_of_v6(const sockaddr_storage& remote)
{
    const in6_addr& address = reinterpret_cast<const sockaddr_in6*>(&remote)->sin6_addr;
    const std::span<const std::uint8_t> bytes(address.s6_addr);
    if (IN6_IS_ADDR_V4MAPPED(&address)) return {caller_number::kind::v4, big_endian(bytes.subspan(v4_at))};
    return {caller_number::kind::v6, big_endian(bytes.first(prefix_bytes))};
}

}  // namespace

std::string caller_key(const peer_info& peer)
{
    // Who they are is not known, only that they are not the user that connects for them.
    if (!peer.forwarder.value_or("").empty()) return "forwarded";
    if (peer.uid) return fmt::format("uid={}", *peer.uid);
    if (peer.remote.ss_family == AF_INET) return host_text(peer.remote);
    return peer.remote.ss_family == AF_INET6 ? network_text(peer.remote) : peer.text;
}

caller_number number_of(const peer_info& peer)
{
    if (!peer.forwarder.value_or("").empty()) return {caller_number::kind::forwarded, 0};
    if (peer.uid) return {caller_number::kind::user, *peer.uid};
    if (peer.remote.ss_family == AF_INET) {
        return {caller_number::kind::v4, ntohl(reinterpret_cast<const sockaddr_in*>(&peer.remote)->sin_addr.s_addr)};
    }
    if (peer.remote.ss_family == AF_INET6) return number_of_v6(peer.remote);
    return {};
}

}  // namespace nodescope::http
