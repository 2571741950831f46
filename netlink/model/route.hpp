// Routes of either family and nexthop objects, as the kernel reports them.
#pragma once

#include "netlink/model/address.hpp"

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nodescope::netlink {

struct next_hop {
    network_address gateway;
    std::uint8_t gateway_family = 0;  ///< of `gateway`, which may differ from the route's; 0 where there is none
    std::uint8_t flags = 0;           ///< RTNH_F_*
    std::uint16_t weight = 1;
    std::uint32_t interface_index = 0;  ///< 0 for none
    std::uint16_t encapsulation = 0;    ///< LWTUNNEL_ENCAP_*
    bool blackhole = false;             ///< of a nexthop object that drops

    friend bool operator==(const next_hop&, const next_hop&) = default;
};

/// One of a route's metrics (ip-route(8): mtu, window, …).
struct route_metric {
    std::uint16_t kind = 0;  ///< RTAX_*
    std::uint32_t value = 0;

    friend bool operator==(const route_metric&, const route_metric&) = default;
};

struct route {
    /// Nearly every route has one hop: it costs no memory of its own.
    using hop_list = boost::container::small_vector<next_hop, 1>;

    std::uint8_t family = 0;
    std::uint8_t type = 0;      ///< RTN_UNICAST, RTN_BLACKHOLE, …
    std::uint8_t scope = 0;     ///< RT_SCOPE_*
    std::uint8_t protocol = 0;  ///< RTPROT_*: who made it
    std::uint8_t tos = 0;
    std::uint8_t destination_length = 0;  ///< of the prefix, in bits
    std::uint8_t source_length = 0;
    std::uint32_t flags = 0;  ///< RTM_F_* and RTNH_F_*
    std::uint32_t table = 0;
    std::uint32_t priority = 0;              ///< what `route` calls the metric
    std::uint32_t nexthop_id = 0;            ///< the nexthop object the route uses, 0 for none
    std::int32_t expires = 0;                ///< in hundredths of a second (USER_HZ), 0 for never
    std::optional<std::uint8_t> preference;  ///< ICMPV6_ROUTER_PREF_*
    network_address destination;
    network_address source;
    std::optional<network_address> preferred_source;
    hop_list hops;  ///< empty where the kernel gave only `nexthop_id`, and for most routes that drop
    std::vector<route_metric> metrics;
};

struct nexthop_member {
    std::uint32_t id = 0;
    std::uint16_t weight = 1;

    friend bool operator==(const nexthop_member&, const nexthop_member&) = default;
};

/// A nexthop object (ip-nexthop(8)): a hop, or a group of other objects.
struct nexthop_object {
    std::uint32_t id = 0;
    next_hop hop;
    std::vector<nexthop_member> group;
};

/// Gives `to` the hops of its nexthop object, or of that group's members; `objects` are in the order of their ids.
/// Needed where the sysctl net.ipv4.nexthop_compat_mode is 0: netlink then has the object's id only, while
/// /proc/net/route still shows the next hop.
void resolve_nexthop(route& to, std::span<const nexthop_object> objects);

/// One line of /proc/net/ipv6_route, which has what netlink has not: references, uses and the kernel's own flags.
struct ipv6_route_line {
    network_address destination;
    network_address gateway;
    std::uint32_t prefix_length = 0;
    std::uint32_t metric = 0;
    std::uint32_t references = 0;
    std::uint32_t uses = 0;
    std::uint32_t flags = 0;  ///< RTF_*
    std::string interface;    ///< may be empty
};

}  // namespace nodescope::netlink
