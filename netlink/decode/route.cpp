#include "netlink/decode/decode.hpp"
#include "netlink/decode/message.hpp"

#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

namespace nodescope::netlink {

namespace {

void take_gateway(next_hop& hop, std::uint8_t family, byte_span address, std::size_t& damaged)
{
    if (take_address(hop.gateway, family, address, damaged)) hop.gateway_family = family;
}

/// RTA_VIA: a family, then an address of it.
void take_via(next_hop& hop, byte_span value, std::size_t& damaged)
{
    const auto family = read_struct<std::uint16_t>(value);
    if (family && value.size() > sizeof(*family)) {
        take_gateway(hop, static_cast<std::uint8_t>(*family), value.subspan(sizeof(*family)), damaged);
    } else {
        ++damaged;
    }
}

/// What a hop has of its own. Nexthop objects have the same under other numbers.
void take_part(next_hop& hop, std::uint8_t family, std::uint16_t type, byte_span value, std::size_t& damaged)
{
    if (type == RTA_GATEWAY) take_gateway(hop, family, value, damaged);
    if (type == RTA_VIA) take_via(hop, value, damaged);
    if (type == RTA_OIF) take_number(hop.interface_index, value, damaged);
    if (type == RTA_ENCAP_TYPE) take_number(hop.encapsulation, value, damaged);
}

/// RTA_MULTIPATH: hops back to back, each with attributes of its own.
void take_hops(route& to, byte_span value, std::size_t& damaged)
{
    to.hops.clear();
    while (!value.empty()) {
        const auto header = read_struct<rtnexthop>(value);
        if (!header || header->rtnh_len < sizeof(rtnexthop) || header->rtnh_len > value.size()) {
            ++damaged;
            return;
        }
        next_hop& hop = to.hops.emplace_back();
        hop.interface_index = static_cast<std::uint32_t>(header->rtnh_ifindex);
        hop.flags = header->rtnh_flags;
        hop.weight = static_cast<std::uint16_t>(header->rtnh_hops + 1U);
        for_each_attribute(after(value.first(header->rtnh_len), sizeof(rtnexthop)), damaged,
                           [&](std::uint16_t type, byte_span part) { take_part(hop, to.family, type, part, damaged); });
        value = after(value, header->rtnh_len);
    }
}

void take_metrics(route& to, byte_span value, std::size_t& damaged)
{
    for_each_attribute(value, damaged, [&](std::uint16_t kind, byte_span metric) {
        if (kind == RTAX_CC_ALGO) return;  // a name, not a number
        take_number(to.metrics.emplace_back(route_metric{.kind = kind}).value, metric, damaged);
    });
}

void take_expiry(route& to, byte_span value, std::size_t& damaged)
{
    if (const auto info = read_struct<rta_cacheinfo>(value)) to.expires = info->rta_expires;
    else ++damaged;
}

/// The hop of a route that has one: its parts stand among the route's own attributes.
next_hop& only_hop(route& to)
{
    if (to.hops.empty()) to.hops.emplace_back().flags = static_cast<std::uint8_t>(to.flags);
    return to.hops.front();
}

void take(route& to, std::uint16_t type, byte_span value, std::size_t& damaged)
{
    switch (type) {
        case RTA_DST: take_address(to.destination, to.family, value, damaged); return;
        case RTA_SRC: take_address(to.source, to.family, value, damaged); return;
        case RTA_PREFSRC: return take_address(to.preferred_source, to.family, value, damaged);
        case RTA_GATEWAY:
        case RTA_VIA:
        case RTA_OIF:
        case RTA_ENCAP_TYPE: return take_part(only_hop(to), to.family, type, value, damaged);
        case RTA_PRIORITY: return take_number(to.priority, value, damaged);
        case RTA_NH_ID: return take_number(to.nexthop_id, value, damaged);
        case RTA_TABLE: return take_number(to.table, value, damaged);
        case RTA_MULTIPATH: return take_hops(to, value, damaged);
        case RTA_METRICS: return take_metrics(to, value, damaged);
        case RTA_PREF: return take_number(to.preference, value, damaged);
        case RTA_CACHEINFO: return take_expiry(to, value, damaged);
        default: return;
    }
}

void take_group(nexthop_object& to, byte_span value, std::size_t& damaged)
{
    if (value.empty() || value.size() % sizeof(nexthop_grp) != 0) ++damaged;
    while (const auto member = read_struct<nexthop_grp>(value)) {
        to.group.push_back({.id = member->id, .weight = static_cast<std::uint16_t>(member->weight + 1U)});
        value = value.subspan(sizeof(nexthop_grp));
    }
}

std::uint8_t longest_prefix(std::uint8_t family) noexcept { return family == AF_INET ? 32 : 128; }

}  // namespace

bool decode(byte_span message, route& to, std::size_t& damaged)
{
    return decode_message<rtmsg>(
        RTM_NEWROUTE, message, damaged,
        [&](const rtmsg& header) {
            to.family = header.rtm_family;
            to.type = header.rtm_type;
            to.scope = header.rtm_scope;
            to.protocol = header.rtm_protocol;
            to.tos = header.rtm_tos;
            to.destination_length = header.rtm_dst_len;
            to.source_length = header.rtm_src_len;
            to.flags = header.rtm_flags;
            to.table = header.rtm_table;
            const std::uint8_t longest = longest_prefix(to.family);
            return to.destination_length <= longest && to.source_length <= longest;
        },
        [&](std::uint16_t type, byte_span value) { take(to, type, value, damaged); });
}

bool decode(byte_span message, nexthop_object& to, std::size_t& damaged)
{
    std::uint8_t family = 0;
    const bool decoded = decode_message<nhmsg>(
        RTM_NEWNEXTHOP, message, damaged,
        [&](const nhmsg& header) {
            family = header.nh_family;
            to.hop.flags = static_cast<std::uint8_t>(header.nh_flags);
            return true;
        },
        [&](std::uint16_t type, byte_span value) {
            switch (type) {
                case NHA_ID: return take_number(to.id, value, damaged);
                case NHA_OIF: return take_part(to.hop, family, RTA_OIF, value, damaged);
                case NHA_GATEWAY: return take_part(to.hop, family, RTA_GATEWAY, value, damaged);
                case NHA_ENCAP_TYPE: return take_part(to.hop, family, RTA_ENCAP_TYPE, value, damaged);
                case NHA_BLACKHOLE: to.hop.blackhole = true; return;
                case NHA_GROUP: return take_group(to, value, damaged);
                default: return;
            }
        });
    if (decoded && to.id == 0) ++damaged;
    return decoded && to.id != 0;
}

}  // namespace nodescope::netlink
