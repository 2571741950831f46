#include "netlink/decode/decode.hpp"
#include "netlink/decode/message.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <cstring>

namespace nodescope::netlink {
namespace {

void take_hardware_address(std::optional<hardware_address>& target, byte_span value, std::size_t& damaged)
{
    if (target) return;
    hardware_address address;
    if (value.empty() || value.size() > address.bytes.size()) {
        ++damaged;
        return;
    }
    std::memcpy(address.bytes.data(), value.data(), value.size());
    address.size = static_cast<std::uint8_t>(value.size());
    target = address;
}

void take_alternative_names(link& made, byte_span value, std::size_t& damaged)
{
    for_each_attribute(value, damaged, [&](std::uint16_t type, byte_span name) {
        if (type == IFLA_ALT_IFNAME) made.alternative_names.emplace_back(string_payload(name));
    });
}

void take_xdp(link& made, byte_span value, std::size_t& damaged)
{
    std::optional<std::uint8_t> mode;
    std::optional<std::uint32_t> program;
    for_each_attribute(value, damaged, [&](std::uint16_t type, byte_span part) {
        if (type == IFLA_XDP_ATTACHED) take_number(mode, part, damaged);
        if (type == IFLA_XDP_PROG_ID) take_number(program, part, damaged);
    });
    if (mode && !made.xdp) made.xdp = xdp_state{*mode, program.value_or(0)};
}

void take_protocol_down_reasons(link& made, byte_span value, std::size_t& damaged)
{
    for_each_attribute(value, damaged, [&](std::uint16_t type, byte_span part) {
        if (type == IFLA_PROTO_DOWN_REASON_VALUE) take_number(made.protocol_down_reasons, part, damaged);
    });
}

void take(link& made, std::uint16_t type, byte_span value, std::size_t& damaged)
{
    switch (type) {
        case IFLA_IFNAME: return take_text(made.name, value);
        case IFLA_QDISC: return take_text(made.qdisc, value);
        case IFLA_MTU: return take_number(made.mtu, value, damaged);
        case IFLA_MASTER: return take_number(made.master, value, damaged);
        case IFLA_OPERSTATE: return take_number(made.operational_state, value, damaged);
        case IFLA_GROUP: return take_number(made.group, value, damaged);
        case IFLA_TXQLEN: return take_number(made.queue_length, value, damaged);
        case IFLA_ADDRESS: return take_hardware_address(made.address, value, damaged);
        case IFLA_BROADCAST: return take_hardware_address(made.broadcast, value, damaged);
        case IFLA_PERM_ADDRESS: return take_hardware_address(made.permanent_address, value, damaged);
        case IFLA_LINK: return take_number(made.lower, value, damaged);
        case IFLA_LINK_NETNSID: return take_number(made.lower_namespace, value, damaged);
        case IFLA_XDP: return take_xdp(made, value, damaged);
        case IFLA_PROTO_DOWN_REASON: return take_protocol_down_reasons(made, value, damaged);
        case IFLA_PROP_LIST: return take_alternative_names(made, value, damaged);
        case IFLA_PROTO_DOWN: {
            std::optional<std::uint8_t> down;
            take_number(down, value, damaged);
            if (down && !made.protocol_down) made.protocol_down = *down != 0;
            return;
        }
        default: return;
    }
}

}  // namespace

bool decode(byte_span message, link& to, std::size_t& damaged)
{
    return decode_message<ifinfomsg>(
        RTM_NEWLINK, message, damaged,
        [&](const ifinfomsg& header) {
            to.index = header.ifi_index;
            to.type = header.ifi_type;
            to.flags = header.ifi_flags;
            return true;
        },
        [&](std::uint16_t type, byte_span value) { take(to, type, value, damaged); });
}

bool decode(byte_span message, interface_name& to, std::size_t& damaged)
{
    bool named = false;
    const bool decoded = decode_message<ifinfomsg>(
        RTM_NEWLINK, message, damaged,
        [&](const ifinfomsg& header) {
            to.index = static_cast<std::uint32_t>(header.ifi_index);
            return true;
        },
        [&](std::uint16_t type, byte_span value) {
            if (type != IFLA_IFNAME) return;
            to.name = string_payload(value);
            named = true;
        });
    return decoded && named;
}

}  // namespace nodescope::netlink
