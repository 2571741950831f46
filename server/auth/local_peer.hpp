// Which user is at the other end of a connection within this machine: the kernel knows the owner of the peer's socket.
#pragma once

#include "core/error.hpp"

#include <optional>

#include <sys/socket.h>
#include <sys/types.h>

namespace nodescope::auth {

/// Whether both ends are loopback addresses (127.0.0.0/8, ::1, or the first mapped into IPv6).
bool is_loopback_connection(const sockaddr_storage& ours, const sockaddr_storage& peers) noexcept;

/// The owner of the TCP socket that is bound to `peers` and connected to `ours`, by sock_diag(7). failure::gone when no
/// process holds such a socket any more, or none does in this network namespace: the uid that the kernel reports for a
/// socket without a process is not its owner's. Blocks for as long as the kernel takes, a second at most.
result<uid_t> blocking_owner_of_peer(const sockaddr_storage& ours, const sockaddr_storage& peers);

/// The peer of a Unix socket, as it was when it connected.
std::optional<uid_t> owner_of_unix_peer(int descriptor) noexcept;

}  // namespace nodescope::auth
