#include "netlink/decode/decode.hpp"
#include "netlink/decode/message.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

namespace nodescope::netlink {
namespace {

/// The kind's own attributes as they are. The lists in them (macvlan's source addresses) are a few KiB at most.
void take_kind_attributes(link_kind& made, byte_span value, std::size_t& damaged)
{
    made.has_attributes = true;
    for_each_attribute(value, damaged, [&](std::uint16_t type, byte_span part) {
        if (made.find(type) == nullptr) made.attributes.push_back({.type = type, .bytes = raw_bytes(part)});
    });
}

void take_kinds(detailed_link& made, byte_span value, std::size_t& damaged)
{
    if (made.has_kinds) return;
    made.has_kinds = true;
    link_kind kind;
    link_kind port_kind;
    bool has_kind = false;
    bool has_port_kind = false;
    for_each_attribute(value, damaged, [&](std::uint16_t type, byte_span part) {
        const auto name = [&](link_kind& of, bool& has) {
            if (!has) of.name = string_payload(part);
            has = true;
        };
        if (type == IFLA_INFO_KIND) name(kind, has_kind);
        if (type == IFLA_INFO_SLAVE_KIND) name(port_kind, has_port_kind);
        if (type == IFLA_INFO_DATA && !kind.has_attributes) take_kind_attributes(kind, part, damaged);
        if (type == IFLA_INFO_SLAVE_DATA && !port_kind.has_attributes) take_kind_attributes(port_kind, part, damaged);
    });
    if (has_kind) made.kind = std::move(kind);
    if (has_port_kind) made.port_kind = std::move(port_kind);
}

/// rtnl_link_stats and rtnl_link_stats64 have the same members, and gained some at their ends in time.
template <class Statistics>
void take_counters(detailed_link& made, byte_span value, std::size_t& damaged)
{
    constexpr bool wide = std::is_same_v<Statistics, rtnl_link_stats64>;
    if (made.counters && (made.counters->wide || !wide)) return;
    // The end of what every kernel has.
    constexpr std::size_t least = offsetof(Statistics, rx_compressed) + 2 * sizeof(Statistics::rx_compressed);
    if (value.size() < least) {
        ++damaged;
        return;
    }
    Statistics told{};
    std::memcpy(&told, value.data(), std::min(value.size(), sizeof told));
    link_counters counters;
    counters.wide = wide;
    counters.received = {told.rx_packets, told.rx_bytes, told.rx_errors, told.rx_dropped, told.rx_compressed};
    counters.sent = {told.tx_packets, told.tx_bytes, told.tx_errors, told.tx_dropped, told.tx_compressed};
    counters.over_errors = told.rx_over_errors;
    counters.multicast = told.multicast;
    counters.carrier_errors = told.tx_carrier_errors;
    counters.collisions = told.collisions;
    made.counters = counters;
}

void take_programs(xdp_programs& made, byte_span value, std::size_t& damaged)
{
    for_each_attribute(value, damaged, [&](std::uint16_t type, byte_span part) {
        if (type == IFLA_XDP_SKB_PROG_ID) take_number(made.generic, part, damaged);
        if (type == IFLA_XDP_DRV_PROG_ID) take_number(made.driver, part, damaged);
        if (type == IFLA_XDP_HW_PROG_ID) take_number(made.hardware, part, damaged);
    });
}

void take_bytes(std::optional<std::string>& target, byte_span value)
{
    if (!target) target = raw_bytes(value);
}

void take_detail(detailed_link& made, std::uint16_t type, byte_span value, std::size_t& damaged)
{
    switch (type) {
        case IFLA_LINKINFO: return take_kinds(made, value, damaged);
        case IFLA_STATS64: return take_counters<rtnl_link_stats64>(made, value, damaged);
        case IFLA_STATS: return take_counters<rtnl_link_stats>(made, value, damaged);
        case IFLA_XDP: {
            std::size_t counted_before = 0;
            return take_programs(made.programs, value, counted_before);
        }
        case IFLA_EVENT: return take_number(made.event, value, damaged);
        case IFLA_PROMISCUITY: return take_number(made.promiscuity, value, damaged);
        case IFLA_ALLMULTI: return take_number(made.all_multicast, value, damaged);
        case IFLA_MIN_MTU: return take_number(made.min_mtu, value, damaged);
        case IFLA_MAX_MTU: return take_number(made.max_mtu, value, damaged);
        case IFLA_NUM_TX_QUEUES: return take_number(made.send_queues, value, damaged);
        case IFLA_NUM_RX_QUEUES: return take_number(made.receive_queues, value, damaged);
        case IFLA_GSO_MAX_SIZE: return take_number(made.gso_max_size, value, damaged);
        case IFLA_GSO_MAX_SEGS: return take_number(made.gso_max_segments, value, damaged);
        case IFLA_TSO_MAX_SIZE: return take_number(made.tso_max_size, value, damaged);
        case IFLA_TSO_MAX_SEGS: return take_number(made.tso_max_segments, value, damaged);
        case IFLA_GRO_MAX_SIZE: return take_number(made.gro_max_size, value, damaged);
        case IFLA_PHYS_PORT_NAME: return take_text(made.port_name, value);
        case IFLA_PHYS_PORT_ID: return take_bytes(made.port_id, value);
        case IFLA_PHYS_SWITCH_ID: return take_bytes(made.switch_id, value);
        case IFLA_PARENT_DEV_BUS_NAME: return take_text(made.parent_bus, value);
        case IFLA_PARENT_DEV_NAME: return take_text(made.parent_device, value);
        case IFLA_IFALIAS: return take_text(made.alias, value);
        default: return;
    }
}

}  // namespace

bool decode(byte_span message, detailed_link& to, std::size_t& damaged)
{
    if (!decode(message, static_cast<link&>(to), damaged)) return false;
    // What is wrong with the message itself was counted there.
    std::size_t counted_before = 0;
    return decode_message<ifinfomsg>(
        RTM_NEWLINK, message, counted_before, [](const ifinfomsg&) { return true; },
        [&](std::uint16_t type, byte_span value) { take_detail(to, type, value, damaged); });
}

}  // namespace nodescope::netlink
