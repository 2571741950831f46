// What `ip -d -s link` shows of a link beyond what a list of addresses needs.
#pragma once

#include "netlink/model/attribute_list.hpp"
#include "netlink/model/link.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace nodescope::netlink {

/// What a link is ("vxlan"), or as what it is attached to its master ("bridge"), and what the kernel says of that: the
/// kind's own attributes (IFLA_VXLAN_*, IFLA_BRPORT_*).
struct link_kind : attribute_list {
    std::string name;
    bool has_attributes = false;  ///< it said something, be it nothing
};

/// Of rtnl_link_stats64, what is shown.
struct link_statistics {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t errors = 0;
    std::uint64_t dropped = 0;
    std::uint64_t compressed = 0;
};

struct link_counters {
    bool wide = false;  ///< of 64 bits
    link_statistics received;
    link_statistics sent;
    std::uint64_t over_errors = 0;  ///< of what was received
    std::uint64_t multicast = 0;    ///< the same
    std::uint64_t carrier_errors = 0;
    std::uint64_t collisions = 0;
};

/// Programs on the link, by where they are attached; XDP_ATTACHED_MULTI has several.
struct xdp_programs {
    std::optional<std::uint32_t> generic;
    std::optional<std::uint32_t> driver;
    std::optional<std::uint32_t> hardware;
};

/// What is not set was not in the message.
struct detailed_link : link {
    bool has_kinds = false;  ///< IFLA_LINKINFO
    std::optional<link_kind> kind;
    std::optional<link_kind> port_kind;  ///< as a part of its master
    std::optional<link_counters> counters;
    xdp_programs programs;
    std::optional<std::uint32_t> event;
    std::optional<std::uint32_t> promiscuity;
    std::optional<std::uint32_t> all_multicast;
    std::optional<std::uint32_t> min_mtu;
    std::optional<std::uint32_t> max_mtu;
    std::optional<std::uint32_t> send_queues;
    std::optional<std::uint32_t> receive_queues;
    std::optional<std::uint32_t> gso_max_size;
    std::optional<std::uint32_t> gso_max_segments;
    std::optional<std::uint32_t> tso_max_size;
    std::optional<std::uint32_t> tso_max_segments;
    std::optional<std::uint32_t> gro_max_size;
    std::optional<std::string> port_name;
    std::optional<std::string> port_id;    ///< bytes
    std::optional<std::string> switch_id;  ///< bytes
    std::optional<std::string> parent_bus;
    std::optional<std::string> parent_device;
    std::optional<std::string> alias;
};

}  // namespace nodescope::netlink
