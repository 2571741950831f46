// Who is at the other end of a connection within this machine: the kernel knows which user's the peer's socket is, and
// /proc whether it is held by a program that connects for others.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "server/http/gate.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <sys/socket.h>
#include <sys/types.h>

namespace nodescope::auth {

/// Whose a socket is, and which one it is.
struct socket_owner {
    uid_t uid = 0;
    std::uint32_t inode = 0;
    std::optional<std::uint64_t> cgroup;  ///< where it was made, if the kernel says that (v2)
};

/// Both ends of a TCP connection within this machine.
struct loopback_ends {
    sockaddr_storage ours;
    sockaddr_storage peers;
    steady_clock::time_point seen_at;  ///< when they were connected already
};

/// The owner of the TCP socket at the peer's end. failure::gone when no process holds such a socket any more. A
/// function, because this folder has no netlink sockets. It blocks for as long as the kernel takes, which may be long:
/// kernels before 6.9 let one user at a time ask (sock_diag_mutex, net/core/sock_diag.c), and everybody may. So not on
/// the reactor thread.
using owner_finder = std::function<result<socket_owner>(const loopback_ends& ends)>;

/// Which program holds that socket and connects for somebody that the kernel cannot name (a container runtime, for
/// `kubectl port-forward`): "containerd (process 7)"; empty when the owner itself has connected. A failure when it
/// cannot be told; failure::gone when the socket was closed. Blocks, until `limit` at most.
using forwarder_finder = std::function<result<std::string>(const loopback_ends& ends, const socket_owner& owner,
                                                           deadline limit, const abandon_flag& abandoned)>;

/// How callers of this machine are recognised.
struct local_recognition {
    local_recognition() = default;
    owner_finder find_owner;
    forwarder_finder find_forwarder;
};

/// Who is at the other end.
struct local_caller {
    local_caller() = default;
    uid_t uid = 0;
    /// As forwarder_finder says, for a user whose own word it would be; else empty.
    result<std::string> forwarder = std::string();
};

/// `matters` says whether a caller of this user would be admitted: only for those a forwarder is looked for, because
/// that costs a look at the node's processes. Failures of owner_finder. Blocks.
result<local_caller> blocking_find_caller(const local_recognition& by, const loopback_ends& ends,
                                          const std::function<bool(uid_t)>& matters, deadline limit,
                                          const abandon_flag& abandoned);

/// Both ends of a connection from within this machine over TCP; nothing for others.
std::optional<loopback_ends> ends_of_loopback(const http::peer_info& peer, int descriptor);

}  // namespace nodescope::auth
