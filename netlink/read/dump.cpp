#include "netlink/read/dump.hpp"

#include "core/unique_fd.hpp"
#include "netlink/read/dump_protocol.hpp"

#include <fmt/format.h>

#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace nodescope::netlink {
namespace {

// Above this a single message is not worth reading: the kernel bounds what makes one large (altnames: 64 KiB).
constexpr std::size_t buffer_size_limit = 1U << 20U;

error from_libnl(int code, std::string_view what)
{
    const int number = std::abs(code);
    failure kind = failure::failed;
    if (number == NLE_PERM || number == NLE_NOACCESS) kind = failure::denied;
    if (number == NLE_NOMEM) kind = failure::overloaded;
    if (number == NLE_AGAIN) kind = failure::timed_out;
    if (number == NLE_OBJ_NOTFOUND || number == NLE_NODEV) kind = failure::gone;
    return {kind, fmt::format("netlink: {}: {}", what, nl_geterror(number))};
}

// The requests of one operation mostly follow each other within a sixteenth of its deadline: one setting serves them.
constexpr int close_enough = 16;

struct message_freer {
    void operator()(nl_msg* message) const noexcept { nlmsg_free(message); }
};
using message_owner = std::unique_ptr<nl_msg, message_freer>;

result<std::uint32_t> send_request(nl_sock* socket, const dump_request& request, int flags)
{
    const auto failed = [&](int code) { return from_libnl(code, fmt::format("ask for {}", request.what)); };
    const message_owner message(nlmsg_alloc_simple(request.message_type, flags));
    if (!message) return failed(-NLE_NOMEM);
    if (request.header_size > 0) {
        const int code =
            nlmsg_append(message.get(), const_cast<void*>(request.header), request.header_size, NLMSG_ALIGNTO);
        if (code < 0) return failed(code);
    }
    if (request.add_attributes) request.add_attributes(message.get());
    if (const int code = nl_send_auto(socket, message.get()); code < 0) return failed(code);
    return nlmsg_hdr(message.get())->nlmsg_seq;
}

// Reads and drops what is left of a dump. It never waits: the kernel makes the next part while we read the last one.
void drop_rest(int descriptor, std::span<std::byte> buffer, deadline limit)
{
    while (!limit.passed()) {
        const ssize_t length = ::recv(descriptor, buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
        if (length <= 0 && errno != EINTR && errno != ENOBUFS) return;
    }
}

}  // namespace

void netlink_socket::closer::operator()(nl_sock* socket) const noexcept { nl_socket_free(socket); }

result<netlink_socket::handle_owner> netlink_socket::connect(const net_namespace& home, const net_namespace& target,
                                                             int protocol)
{
    handle_owner socket(nl_socket_alloc());
    if (!socket) return error(failure::overloaded, "netlink: open a socket: out of memory");
    // A dump ends with a message of its own.
    nl_socket_disable_auto_ack(socket.get());
    const auto connected = run_in(home, target, [&]() -> result<void> {
        errno = 0;
        const int code = nl_connect(socket.get(), protocol);
        if (code == 0) return {};
        // libnl folds most errno values into "unspecific failure".
        if (errno != 0) return from_errno(errno, "netlink: open a socket");
        return from_libnl(code, "open a socket");
    });
    if (!connected) return connected.error();
    const int descriptor = nl_socket_get_fd(socket.get());
    // Absent before Linux 4.20, where filters are ignored instead: dump() says what that means to its callers.
    const int on = 1;
    ::setsockopt(descriptor, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
    return socket;
}

result<netlink_socket> netlink_socket::open_in(const net_namespace& home, const net_namespace& target, int protocol,
                                               std::size_t buffer_size)
{
    auto socket = connect(home, target, protocol);
    if (!socket) return socket.error();
    return netlink_socket(std::move(*socket), home, target, protocol, buffer_size);
}

result<void> netlink_socket::reopen()
{
    auto socket = connect(home_, target_, protocol_);
    if (!socket) return socket.error();
    socket_ = std::move(*socket);
    dump_pending_ = false;
    receive_timeout_ = {};
    return {};
}

// The rtnl lock inside a dump does not know this timeout; the worker pool gives up on a call stuck there.
result<void> netlink_socket::limit_receive(deadline limit)
{
    using namespace std::chrono;
    // Zero would mean "for ever".
    const auto rest = std::max<microseconds>(duration_cast<microseconds>(limit.remaining()), milliseconds(1));
    if (rest <= receive_timeout_ && receive_timeout_ - rest < rest / close_enough) return {};
    const auto whole = duration_cast<seconds>(rest);
    const timeval timeout{.tv_sec = whole.count(), .tv_usec = (rest - whole).count()};
    if (::setsockopt(nl_socket_get_fd(socket_.get()), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0) {
        return from_errno(errno, "netlink: set the receive timeout");
    }
    receive_timeout_ = rest;
    return {};
}

result<std::span<const std::byte>> netlink_socket::receive(std::string_view what, deadline limit)
{
    if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(buffer_size_);
    const int descriptor = nl_socket_get_fd(socket_.get());
    const auto no_answer = [&] {
        return error(failure::timed_out,
                     fmt::format("netlink: read {}: no answer within {}", what, duration_text(limit.limit())));
    };
    for (;;) {
        sockaddr_nl sender{};
        socklen_t sender_size = sizeof sender;
        const ssize_t received = ::recvfrom(descriptor, buffer_.get(), buffer_size_, MSG_TRUNC,
                                            reinterpret_cast<sockaddr*>(&sender), &sender_size);
        if (received < 0) {
            if (errno == EINTR && !limit.passed()) continue;
            if (errno == ENOBUFS) {
                drop_rest(descriptor, {buffer_.get(), buffer_size_}, limit);
                return std::span<const std::byte>{};
            }
            if (errno == EAGAIN || errno == EINTR) return no_answer();
            return from_errno(errno, fmt::format("netlink: read {}", what));
        }
        // Whoever holds CAP_NET_ADMIN in that namespace can write to our socket; only port 0 is the kernel.
        if (sender.nl_pid != 0 || received == 0) {
            if (!limit.passed()) continue;
            return no_answer();
        }
        const auto length = static_cast<std::size_t>(received);
        if (length <= buffer_size_) return std::span<const std::byte>(buffer_.get(), length);
        if (length > buffer_size_limit) {
            return error(failure::too_large, fmt::format("netlink: read {}: a message of {} bytes", what, length));
        }
        drop_rest(descriptor, {buffer_.get(), buffer_size_}, limit);
        buffer_size_ = length;
        buffer_ = std::make_unique_for_overwrite<std::byte[]>(buffer_size_);
        return std::span<const std::byte>{};
    }
}

result<detail::dump_connection> netlink_socket::ready_for(const dump_request& request, int flags, deadline limit)
{
    if (dump_pending_) {
        if (const auto opened = reopen(); !opened) return opened.error();
    }
    if (const auto bounded = limit_receive(limit); !bounded) return bounded.error();
    return detail::dump_connection{
        .send = [this, &request, flags] { return send_request(socket_.get(), request, flags); },
        .receive = [this, &request, limit] { return receive(request.what, limit); },
    };
}

bool has_protocol(int protocol) noexcept
{
    const unique_fd probe(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
    return probe || (errno != EPROTONOSUPPORT && errno != EAFNOSUPPORT);
}

result<dump_outcome> dump(netlink_socket& socket, const dump_request& request, const dump_limits& limits,
                          const dump_reader& reader, deadline limit)
{
    const auto connection = socket.ready_for(request, NLM_F_REQUEST | NLM_F_DUMP, limit);
    if (!connection) return connection.error();
    bool finished = true;
    auto outcome = detail::run_dump(*connection, request.what, limits, reader, limit, finished);
    socket.dump_pending_ = !finished;
    return outcome;
}

bool is_missing_in_kernel(const error& why, std::string_view what)
{
    return why == detail::refused_dump(EOPNOTSUPP, what) || why == detail::refused_dump(EAFNOSUPPORT, what) ||
           why == detail::refused_dump(EPROTONOSUPPORT, what);
}

result<void> request_one(netlink_socket& socket, const dump_request& request,
                         const std::function<void(const nlmsghdr&)>& message, deadline limit)
{
    const auto connection = socket.ready_for(request, NLM_F_REQUEST, limit);
    if (!connection) return connection.error();
    return detail::run_request_one(*connection, request.what, message, limit);
}

}  // namespace nodescope::netlink
