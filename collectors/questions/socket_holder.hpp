// Whose program is at the other end of a connection, or listens at an address, of this machine. Blocking: for pool
// threads, and for commands.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "netlink/model/tcp_socket.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace nodescope {

struct socket_holder {
    socket_holder() = default;
    uid_t uid = 0;
    pid_t pid = 0;            ///< 0: not known yet
    std::uint32_t inode = 0;  ///< of a TCP socket
};

/// Who will answer on a connected socket: the user that has accepted the connection, or that listens where it waits to
/// be accepted; for a Unix socket the user that listens there. failure::invalid when the other end is not on this
/// machine (its address is no loopback address), failure::gone when nobody is there any more.
result<socket_holder> blocking_find_answerer(int connected);

/// Who listens on a TCP address; for a wildcard also who listens on the loopback address alone. failure::gone when
/// nobody does.
result<socket_holder> blocking_find_holder(const netlink::endpoint& address);

/// Who listens on a Unix socket. Connects to it.
result<socket_holder> blocking_find_holder(const std::string& path);

/// "uid 65534, process 4711 (nc)", as far as that can be read below `root`: which process holds a TCP socket is looked
/// for in the descriptors of all, until `limit`.
std::string blocking_describe(const socket_holder& holder, const std::string& root, deadline limit);

}  // namespace nodescope
