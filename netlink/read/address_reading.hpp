// Reads links and addresses of a namespace as `ip addr` would print them there. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/decode/route.hpp"
#include "netlink/read/dump.hpp"

#include <cstddef>
#include <string>

namespace nodescope::netlink {

struct addresses_limits {
    std::size_t links = 10000;
    std::size_t addresses = 10000;               ///< operations.md N8
    std::size_t bytes = 16UL * 1024UL * 1024UL;  ///< N8: read from the kernel, links and addresses together
};

struct addresses_text {
    std::string text;
    std::size_t links = 0;      ///< how many the text shows
    std::size_t addresses = 0;  ///< how many the text shows
    bool consistent = true;     ///< false: the namespace kept changing while it was read (N9)
    bool truncated = false;     ///< a limit of ours cut the lists: there are more
    std::size_t damaged = 0;    ///< messages and attributes that were skipped because their lengths are wrong
};

/// Through `socket` (NETLINK_ROUTE). Names of groups, scopes and namespaces come from etc/iproute2 and run/netns under
/// `root`. `interfaces`, if given, gets the names of the links that were read. Failures are those of dump();
/// failure::cancelled when `abandoned` is raised between two dumps.
result<addresses_text> blocking_read_addresses(netlink_socket& socket, const std::string& root,
                                               const addresses_limits& limits, deadline limit,
                                               const abandon_flag& abandoned, interface_names* interfaces = nullptr);

}  // namespace nodescope::netlink
