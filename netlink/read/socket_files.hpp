// The sockets of a network namespace by the kernel's files, for where sock_diag is not to be asked: they say less, and
// need longer. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/inet_socket.hpp"

#include <cstdint>
#include <functional>

namespace nodescope::netlink {

/// Gives each socket of net/tcp, net/tcp6, net/udp or net/udp6 under the open /proc/PID to `take`, which returns false
/// to end it. Without IPv6 there are none of that. failure::gone when the process has ended; failure::timed_out,
/// failure::cancelled.
result<void> blocking_read_socket_file(int process_directory, std::uint8_t family, std::uint8_t protocol,
                                       deadline limit, const abandon_flag& abandoned,
                                       const std::function<bool(const inet_socket&)>& take);

}  // namespace nodescope::netlink
