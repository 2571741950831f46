// The IPv4 main routing table as plain structs: the decoders of RTM_NEWROUTE, RTM_NEWNEXTHOP and (for the interfaces'
// names) RTM_NEWLINK messages. No I/O. It
// keeps what /proc/net/route shows of a route, which is less than the kernel tells: the first next hop only.
#pragma once

#include "netlink/decode/attributes.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace nodescope::netlink {

struct ipv4_route {
    std::uint32_t destination = 0;  ///< host byte order, like every address here
    std::uint32_t gateway = 0;      ///< of the first next hop; 0 when it has none or an IPv6 one
    std::uint32_t interface_index = 0;
    std::uint32_t metric = 0;
    std::uint32_t nexthop_id = 0;    ///< the nexthop object the route uses, 0 for none
    std::uint8_t prefix_length = 0;  ///< 0 to 32
    std::uint8_t type = 0;           ///< RTN_UNICAST, RTN_BLACKHOLE, …
    bool through_gateway = false;    ///< RTF_GATEWAY as the kernel computes it; true for IPv6 gateways too
    bool has_nexthop = false;        ///< the message told a next hop, not only the id of a nexthop object

    friend bool operator==(const ipv4_route&, const ipv4_route&) = default;
};

enum class decoded {
    yes,
    other,      ///< a valid message about something else: another type, family or table
    malformed,  ///< too short for its own header, or a prefix length out of range
};

/// Decodes one message of a route dump. `damaged_attributes` grows by one for each attribute (or list of them) that was
/// skipped because its length is wrong; the route then has what could be read.
decoded decode_ipv4_route(byte_span message, ipv4_route& route, std::size_t& damaged_attributes);

/// A nexthop object (ip-nexthop(8)), or the first member of a group of them.
struct nexthop_object {
    std::uint32_t interface_index = 0;
    std::uint32_t gateway = 0;
    std::uint32_t first_member = 0;  ///< for a group: the id of its first entry
    bool through_gateway = false;

    friend bool operator==(const nexthop_object&, const nexthop_object&) = default;
};

using nexthop_objects = std::unordered_map<std::uint32_t, nexthop_object>;

/// Decodes one RTM_NEWNEXTHOP message into `objects`.
decoded decode_nexthop(byte_span message, nexthop_objects& objects, std::size_t& damaged_attributes);

/// Gives `route` the next hop of its nexthop object. Needed where the sysctl net.ipv4.nexthop_compat_mode is 0: the
/// kernel then tells netlink the object's id only, while /proc/net/route goes on showing the next hop.
void resolve_nexthop(ipv4_route& route, const nexthop_objects& objects);

/// Names of interfaces by index.
using interface_names = std::unordered_map<std::uint32_t, std::string>;

/// Decodes one RTM_NEWLINK message into `names`.
decoded decode_interface_name(byte_span message, interface_names& names, std::size_t& damaged_attributes);

}  // namespace nodescope::netlink
