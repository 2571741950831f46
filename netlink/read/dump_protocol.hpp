// The course of a netlink dump without the socket: repeats, limits, the end, the kernel's errors. Apart from dump.cpp
// so that tests can play the kernel.
#pragma once

#include "netlink/read/dump.hpp"

#include <cstdint>
#include <span>

namespace nodescope::netlink::detail {

/// What the kernel's errno makes of a dump.
error refused_dump(int error_number, std::string_view what);

/// What a dump needs of its connection.
struct dump_connection {
    /// Sends the request, returns its sequence number.
    std::function<result<std::uint32_t>()> send;
    /// The next datagram of the kernel, valid until the next call. An empty one means "lost": a message was dropped or
    /// did not fit, and the rest of this try has been read and dropped, so the dump must be repeated.
    std::function<result<std::span<const std::byte>>()> receive;
};

/// Repeats after an interrupted dump.
inline constexpr int dump_repeats = 3;

/// `finished` tells whether the kernel has nothing more to say on this connection.
result<dump_outcome> run_dump(const dump_connection& connection, std::string_view what, const dump_limits& limits,
                              const dump_reader& reader, deadline limit, bool& finished);

/// One request, one answer. A lost answer is failure::overloaded.
result<void> run_request_one(const dump_connection& connection, std::string_view what,
                             const std::function<void(const nlmsghdr&)>& message, deadline limit);

}  // namespace nodescope::netlink::detail
