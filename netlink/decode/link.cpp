#include "netlink/decode/link.hpp"

#include "netlink/decode/attribute_values.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>

namespace nodescope::netlink {
namespace {

// A message keeps the first of several attributes of one kind, as iproute2 does.
void take_address(std::optional<hardware_address>& target, byte_span value, std::size_t& malformed)
{
    if (target) return;
    hardware_address address;
    if (value.empty() || value.size() > address.bytes.size()) {
        ++malformed;
        return;
    }
    std::transform(value.begin(), value.end(), address.bytes.begin(),
                   [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
    address.size = static_cast<std::uint8_t>(value.size());
    target = address;
}

void take_alternative_names(link& made, byte_span value, std::size_t& malformed)
{
    const bool whole = for_each_attribute(value, [&](std::uint16_t type, byte_span name) {
        if (type == IFLA_ALT_IFNAME) made.alternative_names.emplace_back(string_payload(name));
    });
    if (!whole) ++malformed;
}

void take_xdp(link& made, byte_span value, std::size_t& malformed)
{
    std::optional<std::uint8_t> mode;
    std::optional<std::uint32_t> program;
    const bool whole = for_each_attribute(value, [&](std::uint16_t type, byte_span part) {
        if (type == IFLA_XDP_ATTACHED) take_number(mode, part, malformed);
        if (type == IFLA_XDP_PROG_ID) take_number(program, part, malformed);
    });
    if (!whole) ++malformed;
    if (mode && !made.xdp) made.xdp = xdp_state{*mode, program.value_or(0)};
}

void take_protocol_down_reasons(link& made, byte_span value, std::size_t& malformed)
{
    const bool whole = for_each_attribute(value, [&](std::uint16_t type, byte_span part) {
        if (type == IFLA_PROTO_DOWN_REASON_VALUE) take_number(made.protocol_down_reasons, part, malformed);
    });
    if (!whole) ++malformed;
}

void take(link& made, std::uint16_t type, byte_span value, std::size_t& malformed)
{
    switch (type) {
        case IFLA_IFNAME: return take_text(made.name, value);
        case IFLA_QDISC: return take_text(made.qdisc, value);
        case IFLA_MTU: return take_number(made.mtu, value, malformed);
        case IFLA_MASTER: return take_number(made.master, value, malformed);
        case IFLA_OPERSTATE: return take_number(made.operational_state, value, malformed);
        case IFLA_GROUP: return take_number(made.group, value, malformed);
        case IFLA_TXQLEN: return take_number(made.queue_length, value, malformed);
        case IFLA_ADDRESS: return take_address(made.address, value, malformed);
        case IFLA_BROADCAST: return take_address(made.broadcast, value, malformed);
        case IFLA_PERM_ADDRESS: return take_address(made.permanent_address, value, malformed);
        case IFLA_LINK: return take_number(made.lower, value, malformed);
        case IFLA_LINK_NETNSID: return take_number(made.lower_namespace, value, malformed);
        case IFLA_XDP: return take_xdp(made, value, malformed);
        case IFLA_PROTO_DOWN_REASON: return take_protocol_down_reasons(made, value, malformed);
        case IFLA_PROP_LIST: return take_alternative_names(made, value, malformed);
        case IFLA_PROTO_DOWN: {
            std::optional<std::uint8_t> down;
            take_number(down, value, malformed);
            if (down && !made.protocol_down) made.protocol_down = *down != 0;
            return;
        }
        default: return;
    }
}

}  // namespace

std::optional<link> decode_link(byte_span payload, std::size_t& malformed)
{
    const auto header = read_struct<ifinfomsg>(payload);
    if (!header) {
        ++malformed;
        return std::nullopt;
    }
    std::optional<link> made(std::in_place);
    made->index = header->ifi_index;
    made->type = header->ifi_type;
    made->flags = header->ifi_flags;
    const bool whole = for_each_attribute(after(payload, sizeof(ifinfomsg)), [&](std::uint16_t type, byte_span value) {
        take(*made, type, value, malformed);
    });
    if (!whole) ++malformed;
    return made;
}

}  // namespace nodescope::netlink
