#include "netlink/json/route.hpp"
#include "netlink/text/address_text.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace nodescope::netlink {
namespace {

struct prefix_keys {
    std::string_view address;
    std::string_view length;
};

/// iproute2 shows the length of a prefix that is no single address.
void write_rule_prefix(json_writer& json, const detailed_rule& shown, const std::optional<network_address>& address,
                       std::uint8_t length, prefix_keys keys)
{
    if (address) {
        json.member(keys.address, address_text(shown.family, *address));
        const int longest = shown.family == AF_INET ? 32 : shown.family == AF_INET6 ? 128 : -1;
        if (length != longest) json.member(keys.length, length);
    } else if (length != 0) {
        json.member(keys.address, "0");
        json.member(keys.length, length);
    }
}

void write_mark_of_rule(json_writer& json, const detailed_rule& shown)
{
    if (!shown.mark && !shown.mark_mask) return;
    json.member("fwmark", hexadecimal(shown.mark.value_or(0)));
    if (shown.mark_mask && *shown.mark_mask != 0xFFFFFFFFU) json.member("fwmask", hexadecimal(*shown.mark_mask));
}

struct range_keys {
    std::string_view one;
    std::string_view first;
    std::string_view last;
};

void write_ports(json_writer& json, const std::optional<number_range>& ports, range_keys keys)
{
    if (!ports) return;
    if (ports->first == ports->last) {
        json.member(keys.one, ports->first);
    } else {
        json.member(keys.first, ports->first);
        json.member(keys.last, ports->last);
    }
}

void write_rule_table(json_writer& json, const detailed_rule& shown, const json_context& context)
{
    constexpr std::uint32_t none = 0xFFFFFFFFU;
    if (shown.table == 0) return;
    json.member("table", context.names.table(shown.table));
    if (shown.suppress_prefix_length.value_or(none) != none) {
        json.member("suppress_prefixlen", static_cast<std::int32_t>(*shown.suppress_prefix_length));
    }
    if (shown.suppress_group.value_or(none) != none) {
        json.member("suppress_ifgroup", context.names.group(*shown.suppress_group));
    }
}

void write_action(json_writer& json, const detailed_rule& shown)
{
    switch (shown.action) {
        case FR_ACT_TO_TBL: return;
        case RTN_NAT: return null_member(json, "masquerade");
        case FR_ACT_GOTO:
            if (shown.go_to) json.member("goto", *shown.go_to);
            else json.member("goto", "none");
            if ((shown.flags & FIB_RULE_UNRESOLVED) != 0) null_member(json, "unresolved");
            return;
        case FR_ACT_NOP: return null_member(json, "nop");
        default: return json.member("action", route_type_name(shown.action));
    }
}

void write_selectors(json_writer& json, const detailed_rule& shown, const json_context& context)
{
    if ((shown.flags & FIB_RULE_INVERT) != 0) null_member(json, "not");
    if (shown.source || shown.source_length != 0) {
        write_rule_prefix(json, shown, shown.source, shown.source_length, {"src", "srclen"});
    } else {
        json.member("src", "all");
    }
    write_rule_prefix(json, shown, shown.destination, shown.destination_length, {"dst", "dstlen"});
    if (shown.tos != 0) json.member("tos", context.names.traffic_class(shown.tos));
    write_mark_of_rule(json, shown);
    if (shown.input_interface) {
        json.member("iif", *shown.input_interface);
        if ((shown.flags & FIB_RULE_IIF_DETACHED) != 0) null_member(json, "iif_detached");
    }
    if (shown.output_interface) {
        json.member("oif", *shown.output_interface);
        if ((shown.flags & FIB_RULE_OIF_DETACHED) != 0) null_member(json, "oif_detached");
    }
    if (shown.l3_master.value_or(0) != 0) null_member(json, "l3mdev");
    if (shown.uids) {
        json.member("uid_start", shown.uids->first);
        json.member("uid_end", shown.uids->last);
    }
    if (shown.ip_protocol) json.member("ipproto", context.names.ip_protocol(*shown.ip_protocol));
    write_ports(json, shown.source_ports, {"sport", "sport_start", "sport_end"});
    write_ports(json, shown.destination_ports, {"dport", "dport_start", "dport_end"});
    optional_member(json, "tun_id", shown.tunnel);
}

}  // namespace

void write_rule(json_writer& json, const detailed_rule& shown, const json_context& context)
{
    json.object([&] {
        json.member("priority", shown.priority);
        write_selectors(json, shown, context);
        write_rule_table(json, shown, context);
        if (shown.realms) {
            const std::uint32_t from = *shown.realms >> 16U;
            if (from != 0) json.member("flow_from", context.names.realm(from));
            json.member("flow_to", context.names.realm(*shown.realms & 0xFFFFU));
        }
        write_action(json, shown);
        if (shown.protocol) json.member("protocol", context.names.route_protocol(*shown.protocol));
    });
}

}  // namespace nodescope::netlink
