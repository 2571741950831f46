// The kernel's neighbour tables (ARP, NDP) as wholes. There is one of each family on a node, which all network
// namespaces share, with its limits: net/ipv4/arp.c and net/ipv6/ndisc.c have one `struct neigh_table` each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace nodescope::netlink {

struct neighbour_table {
    std::uint8_t family = 0;
    std::string name;           ///< "arp_cache", "ndisc_cache"
    std::uint32_t entries = 0;  ///< of all namespaces, also those that count for no limit
    std::optional<std::uint32_t> gc_thresh3;
    std::optional<std::uint64_t> table_fulls;  ///< how often there was no room for an entry
};

}  // namespace nodescope::netlink
