#include "netlink/decode/route.hpp"

#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

namespace nodescope::netlink {

namespace {

struct gateway_fields {
    std::uint32_t& gateway;
    bool& through_gateway;
};

std::optional<std::uint32_t> read_u32(byte_span payload) noexcept { return read_struct<std::uint32_t>(payload); }

std::optional<std::uint32_t> read_ipv4(byte_span payload) noexcept
{
    const auto in_network_order = read_u32(payload);
    if (!in_network_order) return std::nullopt;
    return ntohl(*in_network_order);
}

/// An IPv6 gateway has no column of its own: the kernel prints 0.0.0.0, but takes the flag from the first four bytes of
/// the union that holds either address (net/ipv4/fib_trie.c, fib_flag_trans and fib_route_seq_show, Linux 5.2 and on).
bool take_gateway(int family, byte_span address, gateway_fields to) noexcept
{
    const auto first_word = read_ipv4(address);
    if (!first_word) return false;
    if (family == AF_INET) to.gateway = *first_word;
    to.through_gateway = *first_word != 0;
    return true;
}

/// RTA_VIA: a family, then an address of it.
bool take_via(byte_span payload, gateway_fields to) noexcept
{
    const auto family = read_struct<std::uint16_t>(payload);
    if (!family) return false;
    return take_gateway(*family, payload.subspan(sizeof(std::uint16_t)), to);
}

/// The first entry of RTA_MULTIPATH; /proc/net/route knows no other.
bool take_first_hop(byte_span payload, ipv4_route& route, std::size_t& damaged)
{
    const auto hop = read_struct<rtnexthop>(payload);
    if (!hop || hop->rtnh_len < sizeof(rtnexthop) || hop->rtnh_len > payload.size()) return false;
    route.interface_index = static_cast<std::uint32_t>(hop->rtnh_ifindex);
    route.has_nexthop = true;
    const auto visit = [&](std::uint16_t type, byte_span value) {
        const gateway_fields to{route.gateway, route.through_gateway};
        if (type == RTA_GATEWAY) damaged += take_gateway(AF_INET, value, to) ? 0U : 1U;
        if (type == RTA_VIA) damaged += take_via(value, to) ? 0U : 1U;
    };
    return for_each_attribute(after(payload.first(hop->rtnh_len), sizeof(rtnexthop)), visit);
}

bool take_number(byte_span payload, std::uint32_t& to) noexcept
{
    const auto number = read_u32(payload);
    if (number) to = *number;
    return number.has_value();
}

bool take_attribute(std::uint16_t type, byte_span payload, ipv4_route& route, std::uint32_t& table,
                    std::size_t& damaged)
{
    const gateway_fields to{route.gateway, route.through_gateway};
    switch (type) {
        case RTA_DST: {
            const auto address = read_ipv4(payload);
            if (address) route.destination = *address;
            return address.has_value();
        }
        case RTA_GATEWAY: route.has_nexthop = true; return take_gateway(AF_INET, payload, to);
        case RTA_VIA: route.has_nexthop = true; return take_via(payload, to);
        case RTA_OIF: route.has_nexthop = true; return take_number(payload, route.interface_index);
        case RTA_PRIORITY: return take_number(payload, route.metric);
        case RTA_NH_ID: return take_number(payload, route.nexthop_id);
        case RTA_TABLE: return take_number(payload, table);
        case RTA_MULTIPATH: return take_first_hop(payload, route, damaged);
        default: return true;
    }
}

/// The part of `message` its own header claims, without that header; nothing when it claims more than there is.
std::optional<byte_span> payload_of(byte_span message, std::uint16_t& type) noexcept
{
    const auto header = read_struct<nlmsghdr>(message);
    if (!header || header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > message.size()) return std::nullopt;
    type = header->nlmsg_type;
    return after(message.first(header->nlmsg_len), NLMSG_HDRLEN);
}

}  // namespace

decoded decode_ipv4_route(byte_span message, ipv4_route& route, std::size_t& damaged_attributes)
{
    std::uint16_t type = 0;
    const auto payload = payload_of(message, type);
    if (!payload) return decoded::malformed;
    if (type != RTM_NEWROUTE) return decoded::other;
    const auto header = read_struct<rtmsg>(*payload);
    if (!header) return decoded::malformed;
    // Cached exceptions come along where the kernel does not know strict checking (before 4.20); no list shows them.
    if (header->rtm_family != AF_INET || (header->rtm_flags & RTM_F_CLONED) != 0) return decoded::other;
    if (header->rtm_dst_len > 32) return decoded::malformed;

    route = {};
    route.prefix_length = header->rtm_dst_len;
    route.type = header->rtm_type;
    std::uint32_t table = header->rtm_table;
    const bool whole = for_each_attribute(after(*payload, sizeof(rtmsg)), [&](std::uint16_t kind, byte_span value) {
        if (!take_attribute(kind, value, route, table, damaged_attributes)) ++damaged_attributes;
    });
    if (!whole) ++damaged_attributes;
    return table == RT_TABLE_MAIN ? decoded::yes : decoded::other;
}

decoded decode_nexthop(byte_span message, nexthop_objects& objects, std::size_t& damaged_attributes)
{
    std::uint16_t type = 0;
    const auto payload = payload_of(message, type);
    if (!payload) return decoded::malformed;
    if (type != RTM_NEWNEXTHOP) return decoded::other;
    const auto header = read_struct<nhmsg>(*payload);
    if (!header) return decoded::malformed;

    nexthop_object object;
    std::uint32_t id = 0;
    const bool whole = for_each_attribute(after(*payload, sizeof(nhmsg)), [&](std::uint16_t kind, byte_span value) {
        bool good = true;
        switch (kind) {
            case NHA_ID: good = take_number(value, id); break;
            case NHA_OIF: good = take_number(value, object.interface_index); break;
            case NHA_GATEWAY:
                good = take_gateway(header->nh_family, value, {object.gateway, object.through_gateway});
                break;
            // The kernel's own choice of a device for a nexthop that drops (net/ipv4/nexthop.c).
            case NHA_BLACKHOLE: object.interface_index = 1; break;
            case NHA_GROUP: {
                const auto first = read_struct<nexthop_grp>(value);
                if (first) object.first_member = first->id;
                good = first.has_value();
                break;
            }
            default: break;
        }
        if (!good) ++damaged_attributes;
    });
    if (!whole) ++damaged_attributes;
    if (id == 0) return decoded::malformed;
    objects[id] = object;
    return decoded::yes;
}

void resolve_nexthop(ipv4_route& route, const nexthop_objects& objects)
{
    auto found = objects.find(route.nexthop_id);
    if (found == objects.end()) return;
    // A group cannot hold groups (net/ipv4/nexthop.c, valid_group_nh), so one step is enough.
    if (found->second.first_member != 0) found = objects.find(found->second.first_member);
    if (found == objects.end()) return;
    route.gateway = found->second.gateway;
    route.through_gateway = found->second.through_gateway;
    route.interface_index = found->second.interface_index;
    route.has_nexthop = true;
}

decoded decode_interface_name(byte_span message, interface_names& names, std::size_t& damaged_attributes)
{
    std::uint16_t type = 0;
    const auto payload = payload_of(message, type);
    if (!payload) return decoded::malformed;
    if (type != RTM_NEWLINK) return decoded::other;
    const auto header = read_struct<ifinfomsg>(*payload);
    if (!header) return decoded::malformed;
    const auto index = static_cast<std::uint32_t>(header->ifi_index);
    const bool whole = for_each_attribute(after(*payload, sizeof(ifinfomsg)), [&](std::uint16_t kind, byte_span value) {
        if (kind == IFLA_IFNAME) names[index] = string_payload(value);
    });
    if (!whole) ++damaged_attributes;
    return decoded::yes;
}

}  // namespace nodescope::netlink
