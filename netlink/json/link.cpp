#include "netlink/json/link.hpp"

#include "netlink/text/address_text.hpp"
#include "netlink/text/hardware_names.hpp"
#include "netlink/text/link_words.hpp"

#include <fmt/format.h>

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>

namespace nodescope::netlink {
namespace {

void write_lower(json_writer& json, const detailed_link& shown, const json_context& context)
{
    if (!shown.lower) return;
    if (*shown.lower == 0) null_member(json, "link");
    else if (shown.lower_namespace) json.member("link_index", static_cast<std::int32_t>(*shown.lower));
    else json.member("link", context.links.name(*shown.lower));
}

void write_link_flags(json_writer& json, const detailed_link& shown, const json_context& context)
{
    json.array_member("flags", [&] {
        std::uint32_t rest = shown.flags;
        if ((rest & IFF_UP) != 0 && (rest & IFF_RUNNING) == 0) json.plain_value("NO-CARRIER");
        rest &= ~static_cast<std::uint32_t>(IFF_RUNNING);
        for (const flag_name& flag : link_flag_names) {
            if ((rest & flag.bit) == 0) continue;
            rest &= ~flag.bit;
            json.plain_value(flag.name);
        }
        if (rest != 0) json.plain_value(fmt::format("{:x}", rest));
        const bool lower_down =
            shown.lower && *shown.lower != 0 && !shown.lower_namespace && context.links.is_down(*shown.lower);
        if (lower_down) json.plain_value("M-DOWN");
    });
}

/// iproute2 also asks the kernel for the programs' names and tags, which needs their descriptors.
void write_program(json_writer& json, std::uint32_t id)
{
    json.object_member("prog", [&] { json.member("id", id); });
}

void write_xdp(json_writer& json, const detailed_link& shown)
{
    if (!shown.xdp || shown.xdp->mode == XDP_ATTACHED_NONE) return;
    const auto attached = [&](std::uint8_t mode, const std::optional<std::uint32_t>& id) {
        if (!id) return;
        json.object([&] {
            json.member("mode", mode);
            write_program(json, *id);
        });
    };
    json.object_member("xdp", [&] {
        json.member("mode", shown.xdp->mode);
        if (shown.xdp->program_id != 0) write_program(json, shown.xdp->program_id);
        json.array_member("attached", [&] {
            const xdp_programs& all = shown.programs;
            attached(XDP_ATTACHED_SKB, all.generic);
            attached(XDP_ATTACHED_DRV, all.driver);
            attached(XDP_ATTACHED_HW, all.hardware);
            // Kernels before 4.19.
            if (!all.generic && !all.driver && !all.hardware && shown.xdp->program_id != 0) {
                attached(shown.xdp->mode, shown.xdp->program_id);
            }
        });
    });
}

void write_operational_state(json_writer& json, std::uint8_t state)
{
    if (state < std::size(operational_states)) json.member("operstate", operational_states[state]);
    else json.member("operstate_index", state);
}

void write_hardware(json_writer& json, const detailed_link& shown)
{
    const auto type = hardware_type_name(shown.type);
    json.member("link_type", type.empty() ? fmt::format("[{}]", shown.type) : std::string(type));
    if (shown.address) json.member("address", hardware_text(*shown.address, shown.type));
    if (shown.broadcast) {
        if ((shown.flags & IFF_POINTOPOINT) != 0) json.member("link_pointtopoint", true);
        json.member("broadcast", hardware_text(*shown.broadcast, shown.type));
    }
    if (shown.permanent_address && shown.permanent_address != shown.address) {
        json.member("permaddr", hardware_text(*shown.permanent_address, shown.type));
    }
}

void write_protocol_down(json_writer& json, const detailed_link& shown, const json_context& context)
{
    if (!shown.protocol_down) return;
    if (*shown.protocol_down) json.member("proto_down", true);
    // iproute2 6.1 looks for the wrong attribute, so it shows reasons only of links that have a broadcast address; and
    // it reads their lowest 8 bits only.
    if (!shown.protocol_down_reasons || !shown.broadcast) return;
    const std::uint32_t reasons = *shown.protocol_down_reasons & 0xFFU;
    if (reasons == 0) return;
    json.array_member("proto_down_reason", [&] {
        for (unsigned bit = 0; bit < 8; ++bit) {
            if ((reasons >> bit & 1U) != 0) json.value(context.names.protocol_down_reason(bit));
        }
    });
}

// By IFLA_EVENT_*.
constexpr std::string_view link_events[] = {
    "NONE", "REBOOT", "FEATURE CHANGE", "BONDING FAILOVER", "NOTIFY PEERS", "RESEND IGMP", "BONDING OPTION",
};

void write_event(json_writer& json, std::uint32_t event)
{
    if (event >= std::size(link_events)) json.member("event", static_cast<std::int32_t>(event));
    else if (event != 0) json.member("event", link_events[event]);
}

std::string hexadecimal_bytes(std::string_view bytes)
{
    std::string text;
    for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return text;
}

void write_details(json_writer& json, const detailed_link& shown, const json_context& context)
{
    optional_member(json, "promiscuity", shown.promiscuity);
    optional_member(json, "allmulti", shown.all_multicast);
    optional_member(json, "min_mtu", shown.min_mtu);
    optional_member(json, "max_mtu", shown.max_mtu);
    if (shown.has_kinds) write_link_kinds(json, shown, context);
    optional_member(json, "num_tx_queues", shown.send_queues);
    optional_member(json, "num_rx_queues", shown.receive_queues);
    optional_member(json, "gso_max_size", shown.gso_max_size);
    optional_member(json, "gso_max_segs", shown.gso_max_segments);
    optional_member(json, "tso_max_size", shown.tso_max_size);
    optional_member(json, "tso_max_segs", shown.tso_max_segments);
    optional_member(json, "gro_max_size", shown.gro_max_size);
    optional_member(json, "phys_port_name", shown.port_name);
    if (shown.port_id) json.member("phys_port_id", hexadecimal_bytes(*shown.port_id));
    if (shown.switch_id) json.member("phys_switch_id", hexadecimal_bytes(*shown.switch_id));
    optional_member(json, "parentbus", shown.parent_bus);
    optional_member(json, "parentdev", shown.parent_device);
    optional_member(json, "ifalias", shown.alias);
}

void write_counters(json_writer& json, const link_counters& shown)
{
    json.object_member(shown.wide ? "stats64" : "stats", [&] {
        json.object_member("rx", [&] {
            const link_statistics& received = shown.received;
            json.member("bytes", received.bytes);
            json.member("packets", received.packets);
            json.member("errors", received.errors);
            json.member("dropped", received.dropped);
            json.member("over_errors", shown.over_errors);
            json.member("multicast", shown.multicast);
            json.member_unless_empty("compressed", received.compressed);
        });
        json.object_member("tx", [&] {
            const link_statistics& sent = shown.sent;
            json.member("bytes", sent.bytes);
            json.member("packets", sent.packets);
            json.member("errors", sent.errors);
            json.member("dropped", sent.dropped);
            json.member("carrier_errors", shown.carrier_errors);
            json.member("collisions", shown.collisions);
            json.member_unless_empty("compressed", sent.compressed);
        });
    });
}

void write_members(json_writer& json, const detailed_link& shown, const std::string& name, const json_context& context)
{
    json.member("ifindex", shown.index);
    write_lower(json, shown, context);
    json.member("ifname", name);
    write_link_flags(json, shown, context);
    // Printed as signed.
    if (shown.mtu) json.member("mtu", static_cast<std::int32_t>(*shown.mtu));
    write_xdp(json, shown);
    optional_member(json, "qdisc", shown.qdisc);
    if (shown.master) json.member("master", context.links.name(*shown.master));
    if (shown.operational_state) write_operational_state(json, *shown.operational_state);
    if (shown.group) json.member("group", context.names.group(*shown.group));
    if (shown.queue_length && *shown.queue_length != 0) {
        json.member("txqlen", static_cast<std::int32_t>(*shown.queue_length));
    }
    if (shown.event) write_event(json, *shown.event);
    write_hardware(json, shown);
    optional_member(json, "link_netnsid", shown.lower_namespace);
    write_protocol_down(json, shown, context);
    write_details(json, shown, context);
    if (!shown.alternative_names.empty()) json.list_member("altnames", shown.alternative_names);
}

void write_address_flags(json_writer& json, const link_address& shown)
{
    std::uint32_t rest = shown.flags;
    if ((rest & IFA_F_SECONDARY) != 0) {
        json.member(shown.family == AF_INET6 ? "temporary" : "secondary", true);
        rest &= ~static_cast<std::uint32_t>(IFA_F_SECONDARY);
    }
    for (const flag_name& flag : address_flag_names) {
        const bool set = (rest & flag.bit) != 0;
        rest &= ~flag.bit;
        if (flag.bit == IFA_F_PERMANENT) {
            if (!set) json.member("dynamic", true);
        } else if (set) {
            json.member(flag.name, true);
        }
    }
    if (rest != 0) json.member("ifa_flags", fmt::format("{:02x}", rest));
}

}  // namespace

void write_address(json_writer& json, const link_address& shown, const json_context& context)
{
    json.object([&] {
        const std::uint8_t family = shown.family;
        if (const auto name = family_name(family); !name.empty()) json.member("family", name);
        else json.member("family_index", family);
        if (shown.local) {
            json.member("local", address_text(family, *shown.local));
            if (shown.peer && *shown.peer != *shown.local) json.member("address", address_text(family, *shown.peer));
            json.member("prefixlen", shown.prefix_length);
            optional_member(json, "metric", shown.metric);
        }
        if (shown.broadcast) json.member("broadcast", address_text(family, *shown.broadcast));
        if (shown.anycast) json.member("anycast", address_text(family, *shown.anycast));
        json.member("scope", context.names.scope(shown.scope));
        write_address_flags(json, shown);
        optional_member(json, "label", shown.label);
        if (!shown.lifetime) return;
        const address_lifetime& lifetime = *shown.lifetime;
        json.member("valid_life_time", lifetime.valid);
        const bool overdue = (shown.flags & IFA_F_DEPRECATED) != 0 && lifetime.preferred != address_lifetime::forever;
        if (overdue) json.member("preferred_life_time", static_cast<std::int32_t>(lifetime.preferred));
        else json.member("preferred_life_time", lifetime.preferred);
    });
}

void write_link(json_writer& json, const detailed_link& shown, const std::vector<const link_address*>& addresses,
                const json_context& context)
{
    json.object([&] {
        const std::string name = shown.name ? *shown.name : fmt::format("if{}", shown.index);
        // Of such a link iproute2 shows neither it nor its addresses.
        if (!is_valid_name(name)) return;
        write_members(json, shown, name, context);
        json.array_member("addr_info", addresses, [&](const link_address* one) { write_address(json, *one, context); });
        if (shown.counters) write_counters(json, *shown.counters);
    });
}

}  // namespace nodescope::netlink
