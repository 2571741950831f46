// Reads links, addresses and routes of a network namespace. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/reading.hpp"
#include "netlink/read/dump.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace nodescope::netlink {

struct addresses_limits {
    std::size_t links = 10000;
    std::size_t addresses = 10000;
    std::size_t bytes = 16UL * 1024UL * 1024UL;  ///< read from the kernel, links and addresses together
};

struct routes_limits {
    std::size_t routes = 20000;
    std::size_t bytes = 16UL * 1024UL * 1024UL;  ///< read from the kernel
};

/// Through `socket` (NETLINK_ROUTE). Names of namespaces come from run/netns under `root`. Failures are those of
/// dump(); failure::cancelled when `abandoned` is raised between two dumps.
result<links_and_addresses> blocking_read_addresses(netlink_socket& socket, const std::string& root,
                                                    const addresses_limits& limits, deadline limit,
                                                    const abandon_flag& abandoned);

struct route_selection {
    std::uint8_t family = AF_UNSPEC;        ///< AF_UNSPEC: both
    std::uint32_t table = RT_TABLE_UNSPEC;  ///< RT_TABLE_UNSPEC: all
};

/// The selected routes, through `socket` (NETLINK_ROUTE), with failures as above; kernels before 4.20 give other tables
/// as well. `known` has the names of interfaces as they were a moment ago: they are asked for again only when a route
/// has an interface that is not among them.
result<routes> blocking_read_routes(netlink_socket& socket, route_selection which, interface_names known,
                                    const routes_limits& limits, deadline limit, const abandon_flag& abandoned);

/// All IPv6 tables, from net/ipv6_route under the open directory /proc/PID: `route -6` reads that file, and only it
/// has the Ref column (the kernel object's reference count), the order and the flag words; netlink has none of them. It
/// shows the namespace of that process without setns.
/// failure::gone when the process has ended; failure::timed_out when `limit` passes between two reads.
result<ipv6_routes> blocking_read_routes6(int proc_pid_directory, const routes_limits& limits, deadline limit,
                                          const abandon_flag& abandoned);

}  // namespace nodescope::netlink
