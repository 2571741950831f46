// Reads the routing tables of a namespace as `route` and `route -6` would print them there. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/read/dump.hpp"
#include "netlink/text/name_tables.hpp"
#include "netlink/text/route.hpp"

#include <cstddef>
#include <string>

namespace nodescope::netlink {

struct routes_limits {
    std::size_t routes = 20000;                  ///< operations.md N8
    std::size_t bytes = 16UL * 1024UL * 1024UL;  ///< N8: read from the kernel
};

struct routes_text {
    std::string text;
    std::size_t routes = 0;   ///< how many the text shows
    bool consistent = true;   ///< false: the tables kept changing while they were read (N9)
    bool truncated = false;   ///< a limit of ours cut the list: there are more
    std::size_t damaged = 0;  ///< messages and attributes that were skipped because their lengths are wrong
};

/// The IPv4 main table, through `socket` (NETLINK_ROUTE). Failures are those of dump(); failure::cancelled when
/// `abandoned` is raised between two dumps. `known`, if given, has the names of interfaces as they were a moment ago:
/// they are asked for again only when a route has one that is not among them.
result<routes_text> blocking_read_routes(netlink_socket& socket, const name_tables& names, const routes_limits& limits,
                                         deadline limit, const abandon_flag& abandoned,
                                         const interface_names* known = nullptr);

/// All IPv6 tables, from net/ipv6_route under the open directory /proc/PID: that file is where `route -6` looks, and
/// it alone has the Ref column (the kernel object's reference count), the order and the flag words; netlink tells none
/// of them. It shows the namespace of that process without setns. Where the kernel has no IPv6, the sentence `route -6`
/// prints then.
/// failure::gone when the process has ended; failure::timed_out when `limit` passes between two reads.
result<routes_text> blocking_read_routes6(int proc_pid_directory, const name_tables& names, const routes_limits& limits,
                                          deadline limit, const abandon_flag& abandoned);

}  // namespace nodescope::netlink
