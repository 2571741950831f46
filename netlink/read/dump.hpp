// A netlink socket and its dumps. libnl is the transport and the attribute parser; its object caches are not used,
// because they lose routes that differ only by interface and fail on encapsulations they do not know.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "netlink/net_namespace.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

struct nl_msg;
struct nl_sock;
struct nlmsghdr;

namespace nodescope::netlink {

/// An rtnetlink (or other netlink) socket. It belongs, for life, to the namespace it was opened in, whatever thread
/// uses it later. Blocking: for pool threads.
class netlink_socket {
public:
    /// The kernel fills at most 32 KiB per datagram unless one message alone is larger (netlink_dump, af_netlink.c).
    static constexpr std::size_t initial_buffer_size = 32768;

    /// Opens a socket of `protocol` (NETLINK_ROUTE, NETLINK_NETFILTER) inside `target`, with strict checking on, and a
    /// receive buffer without peeking; each request gets a kernel-side receive timeout of what its deadline leaves.
    static result<netlink_socket> open_in(const net_namespace& home, const net_namespace& target, int protocol,
                                          std::size_t buffer_size = initial_buffer_size);

    /// Replaces the connection by a new one to the same namespace. The kernel keeps an unfinished dump on its socket
    /// and refuses another (EBUSY); reading the rest of it could take as long as a hostile namespace likes.
    result<void> reopen();

    [[nodiscard]] nl_sock* handle() const noexcept { return socket_.get(); }
    /// The namespace of the service itself, as given to open_in().
    [[nodiscard]] const net_namespace& home() const noexcept { return home_; }

private:
    struct closer {
        void operator()(nl_sock* socket) const noexcept;
    };
    using handle_owner = std::unique_ptr<nl_sock, closer>;

    static result<handle_owner> connect(const net_namespace& home, const net_namespace& target, int protocol);
    /// Before each request: a connection without an unfinished dump, with a receive timeout of about what is left.
    result<void> make_ready(deadline limit);
    result<void> limit_receive(deadline limit);
    result<std::span<const std::byte>> receive(std::string_view what, deadline limit);
    netlink_socket(handle_owner socket, net_namespace home, net_namespace target, int protocol, std::size_t buffer_size)
        : socket_(std::move(socket)),
          home_(std::move(home)),
          target_(std::move(target)),
          protocol_(protocol),
          buffer_size_(buffer_size)
    {
    }

    friend result<struct dump_outcome> dump(netlink_socket&, const struct dump_request&, const struct dump_limits&,
                                            const struct dump_reader&, deadline);
    friend result<void> ask(netlink_socket&, const struct dump_request&, const std::function<void(const nlmsghdr&)>&,
                            deadline);

    handle_owner socket_;
    net_namespace home_;
    net_namespace target_;
    int protocol_;
    bool dump_pending_ = false;
    std::chrono::microseconds receive_timeout_{};
    std::size_t buffer_size_;
    std::unique_ptr<std::byte[]> buffer_;
};

/// How a dump went.
struct dump_outcome {
    bool consistent = true;  ///< false: the kernel flagged the last try as changed underneath (NLM_F_DUMP_INTR)
    bool truncated = false;  ///< a limit stopped it; what was seen so far is there
    std::size_t bytes = 0;
};

struct dump_limits {
    std::size_t messages;  ///< stop when there are more than this many
    std::size_t bytes;     ///< stop after this many bytes read
};

/// What a dump does with each message: `begin` is called before each try (drop what an interrupted try gave), `message`
/// for each one. The header is valid netlink, its payload is not checked.
struct dump_reader {
    std::function<void()> begin;
    std::function<void(const nlmsghdr&)> message;
};

/// Sends the dump request `message_type` with the family header `header` (an ifinfomsg, ifaddrmsg, rtmsg; `header_size`
/// bytes) and optional attributes appended by `add_attributes`, and feeds every answer to `reader`. An interrupted dump
/// is repeated up to three times, then its last state is used. After a limit or a failure stopped it, the socket
/// connects again before the next dump. failure::timed_out names `what`, the phase and the limit; libnl's and the
/// kernel's errors become failures with their text. Kernels before 4.20 know no strict checking and ignore the filters
/// of `header`: check them again in `message`.
struct dump_request {
    std::string_view what;  ///< "links", "IPv4 routes": stands in messages
    int message_type = 0;   ///< RTM_GET*
    const void* header = nullptr;
    std::size_t header_size = 0;
    std::function<void(nl_msg*)> add_attributes = {};
};
result<dump_outcome> dump(netlink_socket& socket, const dump_request& request, const dump_limits& limits,
                          const dump_reader& reader, deadline limit);

/// Sends a request for one thing instead of all and feeds the one answer to `message`.
result<void> ask(netlink_socket& socket, const dump_request& request,
                 const std::function<void(const nlmsghdr&)>& message, deadline limit);

}  // namespace nodescope::netlink
