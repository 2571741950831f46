// Looks up single TCP sockets of the network namespace of the calling thread, by their addresses (sock_diag(7)).
#pragma once

#include "core/error.hpp"
#include "core/unique_fd.hpp"
#include "netlink/model/tcp_socket.hpp"

#include <mutex>

namespace nodescope::netlink {

/// For many lookups: the netlink socket is opened for the first and kept. All of them must come from threads in one
/// network namespace, of which there may be several at a time.
class tcp_socket_finder {
public:
    /// As the function of this name below.
    result<tcp_socket> blocking_find_connected(const endpoint& ours, const endpoint& theirs);

private:
    std::mutex mutex_;  // of what is kept, not held while the kernel is asked
    unique_fd kept_;    // no answer is outstanding on it
};

/// The socket at `ours` that is connected to `theirs`. failure::gone when no process holds such a socket, or none does
/// in this namespace: the uid that the kernel reports for a socket without a process is not its owner's. Blocks for as
/// long as the kernel takes, a second at most.
result<tcp_socket> blocking_find_connected(const endpoint& ours, const endpoint& theirs);

/// The socket that would get a connection to `address`; failures as above.
result<tcp_socket> blocking_find_listener(const endpoint& address);

}  // namespace nodescope::netlink
