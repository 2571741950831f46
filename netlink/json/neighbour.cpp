#include "netlink/json/neighbour.hpp"

#include "netlink/text/address_text.hpp"

#include <linux/neighbour.h>
#include <sys/socket.h>

namespace nodescope::netlink {
namespace {

// USER_HZ is 100 on every architecture that this is built for.
constexpr std::uint32_t ticks_in_a_second = 100;

struct state_name {
    std::uint16_t bit;
    std::string_view name;
};
constexpr state_name neighbour_states[] = {
    {NUD_INCOMPLETE, "INCOMPLETE"}, {NUD_REACHABLE, "REACHABLE"}, {NUD_STALE, "STALE"}, {NUD_DELAY, "DELAY"},
    {NUD_PROBE, "PROBE"},           {NUD_FAILED, "FAILED"},       {NUD_NOARP, "NOARP"}, {NUD_PERMANENT, "PERMANENT"},
};

constexpr state_name forwarding_flags[] = {
    {NTF_SELF, "self"},         {NTF_ROUTER, "router"}, {NTF_EXT_LEARNED, "extern_learn"},
    {NTF_OFFLOADED, "offload"}, {NTF_MASTER, "master"}, {NTF_STICKY, "sticky"},
};

void write_neighbour_ages(json_writer& json, const neighbour_ages& ages)
{
    json.member_unless_empty("refcnt", ages.references);
    json.member("used", ages.used / ticks_in_a_second);
    json.member("confirmed", ages.confirmed / ticks_in_a_second);
    json.member("updated", ages.updated / ticks_in_a_second);
}

std::string forwarding_state(std::uint16_t state)
{
    if ((state & NUD_PERMANENT) != 0) return "permanent";
    if ((state & NUD_NOARP) != 0) return "static";
    if ((state & NUD_STALE) != 0) return "stale";
    if ((state & NUD_REACHABLE) != 0) return {};
    return hexadecimal(state);
}

}  // namespace

bool is_shown_by_ip_neigh(const neighbour& entry)
{
    if (entry.family == AF_BRIDGE) return false;
    constexpr std::uint16_t shown_states = 0xFF & ~NUD_NOARP;
    return (entry.state & shown_states) != 0 || (entry.flags & (NTF_PROXY | NTF_EXT_LEARNED)) != 0;
}

void write_neighbour(json_writer& json, const neighbour& shown, const json_context& context)
{
    json.object([&] {
        if (shown.address) json.member("dst", address_text(shown.address_family, *shown.address));
        if (shown.interface_index != 0) json.member("dev", context.links.name(shown.interface_index));
        if (shown.hardware) {
            json.member("lladdr", hardware_text(*shown.hardware, context.links.type(shown.interface_index)));
        }
        if ((shown.flags & NTF_ROUTER) != 0) null_member(json, "router");
        if ((shown.flags & NTF_PROXY) != 0) null_member(json, "proxy");
        if ((shown.more_flags & NTF_EXT_MANAGED) != 0) null_member(json, "managed");
        if ((shown.flags & NTF_EXT_LEARNED) != 0) null_member(json, "extern_learn");
        if ((shown.flags & NTF_OFFLOADED) != 0) null_member(json, "offload");
        if (shown.ages) write_neighbour_ages(json, *shown.ages);
        optional_member(json, "probes", shown.probes);
        if (shown.state != 0) {
            json.array_member("state", [&] {
                for (const state_name& one : neighbour_states) {
                    if ((shown.state & one.bit) != 0) json.plain_value(one.name);
                }
            });
        }
        if (shown.protocol != 0) json.member("protocol", context.names.route_protocol(shown.protocol));
    });
}

void write_forwarding_entry(json_writer& json, const neighbour& shown, const json_context& context)
{
    json.object([&] {
        if (shown.hardware) {
            json.member("mac", hardware_text(*shown.hardware, context.links.type(shown.interface_index)));
        }
        if (shown.interface_index != 0) json.member("ifname", context.links.name(shown.interface_index));
        if (shown.address) json.member("dst", address_text(shown.address_family, *shown.address));
        json.member_unless_empty("vlan", shown.vlan);
        optional_member(json, "port", shown.port);
        optional_member(json, "vni", shown.vni);
        optional_member(json, "src_vni", shown.source_vni);
        if (shown.via_interface) {
            if (shown.link_namespace) json.member("viaIfIndex", *shown.via_interface);
            else json.member("viaIf", context.links.name(*shown.via_interface));
        }
        optional_member(json, "nhid", shown.nexthop_id);
        optional_member(json, "linkNetNsId", shown.link_namespace);
        json.array_member("flags", [&] {
            for (const state_name& one : forwarding_flags) {
                if ((shown.flags & one.bit) != 0) json.plain_value(one.name);
            }
        });
        if (shown.master) json.member("master", context.links.name(*shown.master));
        json.member("state", forwarding_state(shown.state));
    });
}

}  // namespace nodescope::netlink
