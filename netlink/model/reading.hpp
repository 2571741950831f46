// What the readers return: lists, and how complete they are.
#pragma once

#include "netlink/model/address.hpp"
#include "netlink/model/link.hpp"
#include "netlink/model/route.hpp"
#include "netlink/model/rule.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace nodescope::netlink {

struct completeness {
    bool consistent = true;   ///< false: it changed during each attempt to read it
    bool truncated = false;   ///< a limit of ours cut it: there is more
    std::size_t damaged = 0;  ///< messages and attributes that were skipped because their lengths are wrong
};

/// All that came with one dump.
template <class T>
struct dumped : completeness {
    std::vector<T> items;
    std::size_t bytes = 0;  ///< read from the kernel, repeats included
};

/// In the order of the kernel's dumps.
struct links_and_addresses : completeness {
    std::vector<link> links;
    std::vector<link_address> addresses;
    std::map<std::int32_t, std::string> namespace_names;  ///< by the id in `link::lower_namespace`
};

/// Routes in the kernel's order, with the names of the interfaces they use.
struct routes : completeness {
    std::vector<route> items;
    interface_names interfaces;
    std::vector<routing_rule> rules;  ///< of IPv4, where the main table of IPv4 was read and the kernel has rules
};

struct ipv6_routes : completeness {
    bool supported = true;  ///< false: this kernel has no IPv6
    std::vector<ipv6_route_line> items;
};

}  // namespace nodescope::netlink
