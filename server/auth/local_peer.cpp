#include "server/auth/local_peer.hpp"

#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/time.h>

namespace nodescope::auth {

namespace {

constexpr timeval answer_limit{1, 0};

/// An address and a port, IPv4 in the form mapped into IPv6: the kernel describes the same socket in either form,
/// depending on how its owner opened it.
struct endpoint {
    std::array<std::uint8_t, 16> address{};
    std::uint16_t port = 0;  // in network order
    friend bool operator==(const endpoint&, const endpoint&) = default;
    [[nodiscard]] bool is_v4() const noexcept
    {
        constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
        return std::memcmp(address.data(), mapped.data(), mapped.size()) == 0;
    }
    [[nodiscard]] bool is_loopback() const noexcept
    {
        constexpr std::array<std::uint8_t, 16> v6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
        return is_v4() ? address[12] == 127 : address == v6;
    }
};

endpoint mapped(const void* v4, std::uint16_t port) noexcept
{
    endpoint out;
    out.address[10] = out.address[11] = 0xff;
    std::memcpy(out.address.data() + 12, v4, 4);
    out.port = port;
    return out;
}

std::optional<endpoint> endpoint_of(const sockaddr_storage& from) noexcept
{
    if (from.ss_family == AF_INET) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(&from);
        return mapped(&v4->sin_addr, v4->sin_port);
    }
    if (from.ss_family != AF_INET6) return std::nullopt;
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&from);
    endpoint out;
    std::memcpy(out.address.data(), &v6->sin6_addr, out.address.size());
    out.port = v6->sin6_port;
    return out;
}

endpoint endpoint_of(unsigned family, const std::uint32_t (&address)[4], std::uint16_t port) noexcept
{
    if (family == AF_INET) return mapped(address, port);
    endpoint out;
    std::memcpy(out.address.data(), address, out.address.size());
    out.port = port;
    return out;
}

struct question {
    nlmsghdr header{};
    inet_diag_req_v2 body{};
};

question question_about(const endpoint& peers, const endpoint& ours) noexcept
{
    question out;
    out.header.nlmsg_len = sizeof(out);
    out.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    out.header.nlmsg_flags = NLM_F_REQUEST;  // no NLM_F_DUMP: one socket, by its addresses
    out.body.sdiag_family = peers.is_v4() ? AF_INET : AF_INET6;
    out.body.sdiag_protocol = IPPROTO_TCP;
    out.body.idiag_states = ~0U;
    const std::size_t skipped = peers.is_v4() ? 12 : 0;
    // Seen from the peer's socket: its own address is the source.
    std::memcpy(out.body.id.idiag_src, peers.address.data() + skipped, peers.address.size() - skipped);
    std::memcpy(out.body.id.idiag_dst, ours.address.data() + skipped, ours.address.size() - skipped);
    out.body.id.idiag_sport = peers.port;
    out.body.id.idiag_dport = ours.port;
    out.body.id.idiag_cookie[0] = out.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return out;
}

error nobody() { return error(failure::gone, "local peer: no process holds the other end of this connection"); }

/// A socket in another state is not the peer of an accepted connection: a listener the kernel fell back to, one that
/// is only now connecting from the same port.
bool can_be_peer(unsigned state) noexcept
{
    return state == TCP_ESTABLISHED || state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_CLOSE_WAIT;
}

result<uid_t> owner_in(const inet_diag_msg& answer, const endpoint& peers, const endpoint& ours)
{
    if (!can_be_peer(answer.idiag_state)) return nobody();
    // A socket without a process (closed, in TIME_WAIT, not accepted yet) has no inode, and the kernel gives 0 for its
    // uid: that would be root (inet_twsk_diag_fill, sock_i_uid; net/ipv4/inet_diag.c, net/core/sock.c).
    if (answer.idiag_inode == 0) return nobody();
    if (endpoint_of(answer.idiag_family, answer.id.idiag_src, answer.id.idiag_sport) != peers ||
        endpoint_of(answer.idiag_family, answer.id.idiag_dst, answer.id.idiag_dport) != ours) {
        return nobody();
    }
    return uid_t{answer.idiag_uid};
}

result<uid_t> read_answer(const char* bytes, std::size_t length, const endpoint& peers, const endpoint& ours)
{
    nlmsghdr header{};
    if (length < sizeof(header)) return error(failure::malformed, "local peer: the kernel's answer is cut");
    std::memcpy(&header, bytes, sizeof(header));
    if (header.nlmsg_type == NLMSG_ERROR && length >= sizeof(header) + sizeof(int)) {
        int code = 0;
        std::memcpy(&code, bytes + sizeof(header), sizeof(code));
        if (code == -ENOENT) return nobody();
        return from_errno(-code, "local peer: sock_diag");
    }
    inet_diag_msg answer{};
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || length < sizeof(header) + sizeof(answer)) {
        return error(failure::malformed, "local peer: the kernel answered something else than asked");
    }
    std::memcpy(&answer, bytes + sizeof(header), sizeof(answer));
    return owner_in(answer, peers, ours);
}

}  // namespace

bool is_loopback_connection(const sockaddr_storage& ours, const sockaddr_storage& peers) noexcept
{
    const auto here = endpoint_of(ours);
    const auto there = endpoint_of(peers);
    return here && there && here->is_loopback() && there->is_loopback();
}

result<uid_t> blocking_owner_of_peer(const sockaddr_storage& ours, const sockaddr_storage& peers)
{
    const auto here = endpoint_of(ours);
    const auto there = endpoint_of(peers);
    if (!here || !there) return error(failure::invalid, "local peer: not an IP connection");
    const unique_fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!socket) return from_errno(errno, "local peer: open sock_diag");
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &answer_limit, sizeof(answer_limit));
    const question asked = question_about(*there, *here);
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    if (sendto(socket.get(), &asked, sizeof(asked), 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel)) <
        0) {
        return from_errno(errno, "local peer: ask sock_diag");
    }
    std::array<char, 4096> answer{};
    const ssize_t got = recv(socket.get(), answer.data(), answer.size(), 0);
    if (got < 0) return from_errno(errno, "local peer: hear from sock_diag");
    return read_answer(answer.data(), static_cast<std::size_t>(got), *there, *here);
}

std::optional<uid_t> owner_of_unix_peer(int descriptor) noexcept
{
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
    return credentials.uid;
}

}  // namespace nodescope::auth
