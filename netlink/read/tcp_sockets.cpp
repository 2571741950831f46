#include "netlink/read/tcp_sockets.hpp"

#include "netlink/decode/decode.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

namespace nodescope::netlink {

namespace {

constexpr timeval answer_limit{1, 0};

/// More than one socket takes with all its attributes.
constexpr std::size_t answer_size = 4096;

struct socket_query {
    nlmsghdr header{};
    inet_diag_req_v2 body{};
};

socket_query query_about(const endpoint& ours, const endpoint& theirs) noexcept
{
    socket_query out;
    out.header.nlmsg_len = sizeof(out);
    out.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    out.header.nlmsg_flags = NLM_F_REQUEST;  // no NLM_F_DUMP: one socket, by its addresses
    out.body.sdiag_family = ours.is_v4() ? AF_INET : AF_INET6;
    out.body.sdiag_protocol = IPPROTO_TCP;
    out.body.idiag_states = ~0U;
    std::memcpy(out.body.id.idiag_src, ours.bytes().data(), ours.bytes().size());
    std::memcpy(out.body.id.idiag_dst, theirs.bytes().data(), theirs.bytes().size());
    out.body.id.idiag_sport = ours.port;
    out.body.id.idiag_dport = theirs.port;
    out.body.id.idiag_cookie[0] = out.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return out;
}

error nobody() { return {failure::gone, "sock_diag: no process holds such a socket"}; }

result<tcp_socket> read_answer(byte_span answer)
{
    const auto header = read_struct<nlmsghdr>(answer);
    if (!header) return error(failure::malformed, "sock_diag: the kernel's answer is cut");
    if (header->nlmsg_type == NLMSG_ERROR) {
        const auto code = read_struct<int>(after(answer, sizeof(nlmsghdr))).value_or(-EIO);
        if (code == -ENOENT) return nobody();
        return from_errno(-code, "sock_diag");
    }
    tcp_socket found;
    std::size_t damaged = 0;
    if (!decode(answer, found, damaged)) {
        return error(failure::malformed, "sock_diag: the kernel answered something else than asked");
    }
    // A socket without a process (closed, in TIME_WAIT, not accepted yet) has no inode, and the kernel gives 0 for its
    // uid: that would be root (inet_twsk_diag_fill, sock_i_uid; net/ipv4/inet_diag.c, net/core/sock.c).
    if (found.inode == 0) return nobody();
    return found;
}

result<unique_fd> open_socket()
{
    unique_fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!socket) return from_errno(errno, "open sock_diag");
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &answer_limit, sizeof(answer_limit));
    return socket;
}

/// What the kernel answers, before anybody has looked at it: each request gets one message.
struct raw_answer {
    [[nodiscard]] byte_span bytes() const { return std::span(buffer).first(size); }
    std::array<std::byte, answer_size> buffer;
    std::size_t size = 0;
};

result<void> ask_kernel(int socket, const endpoint& ours, const endpoint& theirs, raw_answer& answer)
{
    const socket_query query = query_about(ours, theirs);
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    if (sendto(socket, &query, sizeof(query), 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel)) < 0) {
        return from_errno(errno, "send to sock_diag");
    }
    socklen_t size = sizeof(kernel);
    const ssize_t got =
        recvfrom(socket, answer.buffer.data(), answer.buffer.size(), 0, reinterpret_cast<sockaddr*>(&kernel), &size);
    if (got < 0) return from_errno(errno, "receive from sock_diag");
    // Whoever has CAP_NET_ADMIN in this namespace can write to the socket.
    if (kernel.nl_pid != 0) return error(failure::malformed, "sock_diag: somebody else than the kernel answered");
    answer.size = static_cast<std::size_t>(got);
    return {};
}

/// A socket in another state is not the peer of an accepted connection: a listener the kernel fell back to, one that
/// is only now connecting from the same port.
bool can_be_connected(unsigned state) noexcept
{
    return state == TCP_ESTABLISHED || state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_CLOSE_WAIT;
}

result<tcp_socket> only_connected(result<tcp_socket> found, const endpoint& ours, const endpoint& theirs)
{
    if (!found) return found;
    if (!can_be_connected(found->state) || found->ours != ours || found->theirs != theirs) return nobody();
    return found;
}

result<tcp_socket> find_once(const endpoint& ours, const endpoint& theirs)
{
    const auto socket = open_socket();
    if (!socket) return socket.error();
    raw_answer answer;
    if (const auto asked = ask_kernel(socket->get(), ours, theirs, answer); !asked) return asked.error();
    return read_answer(answer.bytes());
}

}  // namespace

result<tcp_socket> tcp_socket_finder::blocking_find_connected(const endpoint& ours, const endpoint& theirs)
{
    unique_fd socket;
    {
        const std::lock_guard lock(mutex_);
        socket = std::move(kept_);
    }
    if (!socket) {
        auto opened = open_socket();
        if (!opened) return opened.error();
        socket = std::move(*opened);
    }
    raw_answer answer;
    // After a failure its answer may still come: that socket is of no use any more.
    if (const auto asked = ask_kernel(socket.get(), ours, theirs, answer); !asked) return asked.error();
    {
        const std::lock_guard lock(mutex_);
        kept_ = std::move(socket);
    }
    return only_connected(read_answer(answer.bytes()), ours, theirs);
}

result<tcp_socket> blocking_find_connected(const endpoint& ours, const endpoint& theirs)
{
    return only_connected(find_once(ours, theirs), ours, theirs);
}

result<tcp_socket> blocking_find_listener(const endpoint& address)
{
    // From a port that nobody connects from: only a listener can match.
    endpoint nowhere;
    if (address.is_v4()) nowhere.address.s6_addr[10] = nowhere.address.s6_addr[11] = 0xff;
    auto found = find_once(address, nowhere);
    if (found && found->state != TCP_LISTEN) return nobody();
    return found;
}

}  // namespace nodescope::netlink
