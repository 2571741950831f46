#include "netlink/decode/decode.hpp"
#include "netlink/decode/message.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <endian.h>

namespace nodescope::netlink {
namespace {

template <class Range>
void take_range(std::optional<number_range>& target, byte_span value, std::size_t& damaged)
{
    std::optional<Range> range;
    take_number(range, value, damaged);
    if (range && !target) target = number_range{.first = range->start, .last = range->end};
}

void take_rule_detail(detailed_rule& to, std::uint16_t type, byte_span value, std::size_t& damaged)
{
    switch (type) {
        case FRA_SRC: return take_address(to.source, to.family, value, damaged);
        case FRA_DST: return take_address(to.destination, to.family, value, damaged);
        case FRA_IFNAME: return take_text(to.input_interface, value);
        case FRA_OIFNAME: return take_text(to.output_interface, value);
        case FRA_FWMARK: return take_number(to.mark, value, damaged);
        case FRA_FWMASK: return take_number(to.mark_mask, value, damaged);
        case FRA_L3MDEV: return take_number(to.l3_master, value, damaged);
        case FRA_UID_RANGE: return take_range<fib_rule_uid_range>(to.uids, value, damaged);
        case FRA_IP_PROTO: return take_number(to.ip_protocol, value, damaged);
        case FRA_SPORT_RANGE: return take_range<fib_rule_port_range>(to.source_ports, value, damaged);
        case FRA_DPORT_RANGE: return take_range<fib_rule_port_range>(to.destination_ports, value, damaged);
        case FRA_TUN_ID: {
            std::optional<std::uint64_t> wire;
            take_number(wire, value, damaged);
            if (wire && !to.tunnel) to.tunnel = be64toh(*wire);
            return;
        }
        case FRA_SUPPRESS_PREFIXLEN: return take_number(to.suppress_prefix_length, value, damaged);
        case FRA_SUPPRESS_IFGROUP: return take_number(to.suppress_group, value, damaged);
        case FRA_FLOW: return take_number(to.realms, value, damaged);
        case FRA_GOTO: return take_number(to.go_to, value, damaged);
        case FRA_PROTOCOL: return take_number(to.protocol, value, damaged);
        default: return;
    }
}

}  // namespace

bool decode(byte_span message, detailed_rule& to, std::size_t& damaged)
{
    if (!decode(message, static_cast<routing_rule&>(to), damaged)) return false;
    // What is wrong with the message itself was counted there.
    std::size_t counted_before = 0;
    return decode_message<fib_rule_hdr>(
        RTM_NEWRULE, message, counted_before,
        [&](const fib_rule_hdr& header) {
            to.flags = header.flags;
            to.tos = header.tos;
            to.source_length = header.src_len;
            to.destination_length = header.dst_len;
            return true;
        },
        [&](std::uint16_t type, byte_span value) { take_rule_detail(to, type, value, damaged); });
}

}  // namespace nodescope::netlink
