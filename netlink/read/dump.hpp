// A netlink socket and its dumps. libnl is the transport and writes requests; its object caches are not used,
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

namespace detail {
struct dump_connection;
}

/// An rtnetlink (or other netlink) socket. It belongs to the namespace it was opened in, whichever thread uses
/// it later. Blocking: for pool threads.
class netlink_socket {
public:
    /// The kernel fills at most 32 KiB per datagram unless one message alone is larger (netlink_dump, af_netlink.c).
    static constexpr std::size_t initial_buffer_size = 32768;

    /// Opens a socket of `protocol` (NETLINK_ROUTE, NETLINK_NETFILTER) inside `target`, with strict checking on, and a
    /// receive buffer without peeking; each request gets a kernel-side receive timeout of what its deadline leaves.
    static result<netlink_socket> open_in(const net_namespace& home, const net_namespace& target, int protocol,
                                          std::size_t buffer_size = initial_buffer_size);

    /// The namespace of the service itself, as given to open_in().
    [[nodiscard]] const net_namespace& home() const noexcept { return home_; }

private:
    struct closer {
        void operator()(nl_sock* socket) const noexcept;
    };
    using handle_owner = std::unique_ptr<nl_sock, closer>;

    static result<handle_owner> connect(const net_namespace& home, const net_namespace& target, int protocol);
    /// For one request: a connection without an unfinished dump, with a receive timeout of about what is left. Refers
    /// to the socket and the request.
    result<detail::dump_connection> ready_for(const struct dump_request& request, int flags, deadline limit);
    /// Replaces the connection by a new one to the same namespace. The kernel keeps an unfinished dump on its socket
    /// and refuses another (EBUSY); reading the rest of it could take as long as a hostile namespace likes.
    result<void> reopen();
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
    friend result<void> request_one(netlink_socket&, const struct dump_request&,
                                    const std::function<void(const nlmsghdr&)>&, deadline);

    handle_owner socket_;
    net_namespace home_;
    net_namespace target_;
    int protocol_;
    bool dump_pending_ = false;
    std::chrono::microseconds receive_timeout_{};
    std::size_t buffer_size_;
    std::unique_ptr<std::byte[]> buffer_;
};

/// Whether the kernel has netlink sockets of that protocol at all.
bool has_protocol(int protocol) noexcept;

/// How a dump went.
struct dump_outcome {
    bool consistent = true;  ///< false: the kernel flagged the last try as changed underneath (NLM_F_DUMP_INTR)
    bool truncated = false;  ///< a limit stopped it, or the service takes too much; what was seen so far is there
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

struct dump_request {
    /// `family_header` (an ifinfomsg, ifaddrmsg, rtmsg) must live as long as the request.
    template <class Header>
    dump_request(std::string_view name, int type, const Header& family_header, std::function<void(nl_msg*)> add = {})
        : what(name),
          message_type(type),
          header(&family_header),
          header_size(sizeof(Header)),
          add_attributes(std::move(add))
    {
    }
    std::string_view what;  ///< "links", "IPv4 routes": stands in messages
    int message_type;       ///< RTM_GET*
    const void* header;
    std::size_t header_size;
    std::function<void(nl_msg*)> add_attributes;  ///< appends to the message; may be empty
};

/// Sends the request and feeds every answer to `reader`. An interrupted dump is repeated up to three times, then its
/// last state is used. After a limit or a failure stopped it, the socket connects again before the next dump.
/// failure::timed_out names `what`, the phase and the limit; libnl's and the kernel's errors become failures with their
/// text. Kernels before 4.20 have no strict checking and ignore the header's filters: `message` must check them again.
result<dump_outcome> dump(netlink_socket& socket, const dump_request& request, const dump_limits& limits,
                          const dump_reader& reader, deadline limit);

/// Whether a dump of `what` failed because this kernel has no such thing (no nexthop objects, no IPv6).
bool is_missing_in_kernel(const error& why, std::string_view what);

/// Sends a request for one thing instead of all and feeds the one answer to `message`.
result<void> request_one(netlink_socket& socket, const dump_request& request,
                         const std::function<void(const nlmsghdr&)>& message, deadline limit);

}  // namespace nodescope::netlink
