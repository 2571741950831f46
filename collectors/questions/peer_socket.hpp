// Whose the other end of a TCP connection within this machine is, as the kernel says.
#pragma once

#include "core/error.hpp"
#include "netlink/model/tcp_socket.hpp"
#include "netlink/read/tcp_sockets.hpp"

#include <sys/socket.h>

namespace nodescope {

/// Keeps what it asks the kernel with. Several threads may ask at a time, all of them in one network namespace.
class peer_sockets {
public:
    /// The socket that is bound to `peers` and connected to `ours`, in the network namespace of the calling thread.
    /// failure::gone when no process holds it, failure::invalid when these are no IP addresses; blocks as
    /// netlink::blocking_find_connected() does.
    result<netlink::tcp_socket> blocking_find(const sockaddr_storage& ours, const sockaddr_storage& peers);

private:
    netlink::tcp_socket_finder finder_;
};

}  // namespace nodescope
