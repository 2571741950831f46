// A TCP socket of this network namespace, as sock_diag(7) describes it.
#pragma once

#include "core/url_text.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace nodescope::netlink {

/// An address and a port, IPv4 in the form mapped into IPv6: the kernel describes the same socket in either form,
/// depending on how its owner opened it.
struct endpoint {
    in6_addr address{};
    in_port_t port = 0;  // in network order
    [[nodiscard]] bool is_v4() const noexcept { return IN6_IS_ADDR_V4MAPPED(&address); }
    [[nodiscard]] bool is_loopback() const noexcept { return nodescope::is_loopback(address); }
    /// As the kernel wants it: 4 bytes or 16.
    [[nodiscard]] std::string_view bytes() const noexcept
    {
        const std::string_view all(reinterpret_cast<const char*>(&address), sizeof(address));
        return is_v4() ? all.substr(12) : all;
    }
    friend bool operator==(const endpoint& a, const endpoint& b) noexcept
    {
        return IN6_ARE_ADDR_EQUAL(&a.address, &b.address) && a.port == b.port;
    }
};

/// `address` points to an in_addr or an in6_addr.
inline endpoint endpoint_of(unsigned family, const void* address, in_port_t port) noexcept
{
    endpoint out;
    out.port = port;
    if (family != AF_INET) {
        std::memcpy(&out.address, address, sizeof(in6_addr));
        return out;
    }
    out.address.s6_addr[10] = out.address.s6_addr[11] = 0xff;
    std::memcpy(out.address.s6_addr + 12, address, sizeof(in_addr));
    return out;
}

/// Nothing for another family.
inline std::optional<endpoint> endpoint_of(const sockaddr_storage& from) noexcept
{
    const auto* const v4 = reinterpret_cast<const sockaddr_in*>(&from);
    const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(&from);
    if (from.ss_family == AF_INET) return endpoint_of(AF_INET, &v4->sin_addr, v4->sin_port);
    if (from.ss_family == AF_INET6) return endpoint_of(AF_INET6, &v6->sin6_addr, v6->sin6_port);
    return std::nullopt;
}

struct tcp_socket {
    endpoint ours;                        ///< the socket's own end
    endpoint theirs;                      ///< zero for a listener
    std::uint8_t state = 0;               ///< TCP_ESTABLISHED, …
    uid_t uid = 0;                        ///< 0 also where no process holds the socket
    std::uint32_t inode = 0;              ///< 0: no process holds it (sock_i_ino)
    std::optional<std::uint64_t> cgroup;  ///< number of the cgroup (v2) it was made in; Linux 5.9 and later
};

}  // namespace nodescope::netlink
