// The texts of /proc/PID/net as figures (proc(5), kernel net/core/net-procfs.c, net/ipv4/tcp_ipv4.c, udp.c).
// Pure. Lines that the kernel does not write are skipped.
#pragma once

#include "collectors/host/usage.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace nodescope::host {

/// Whether an interface is left out: loopback, and what runtimes make on the node for each container.
bool is_left_out(std::string_view interface_name) noexcept;

/// /proc/PID/net/dev without the interfaces that are left out, in its order. At most interface_limit.
std::vector<interface_counters> parse_net_dev(std::string_view text);
/// A node has one for each container, most of them veth, which are left out. A container that may make its own could
/// make thousands, and each takes 100 bytes in each of the samples that are kept.
inline constexpr std::size_t interface_limit = 1024;

/// One line of /proc/PID/net/tcp or tcp6; the heading counts nothing.
void count_tcp_line(std::string_view line, tcp_states& into);
/// One line of /proc/PID/net/udp or udp6.
void count_udp_line(std::string_view line, udp_counters& into);

}  // namespace nodescope::host
