#include "netlink/json/link_kinds.hpp"

#include <linux/if_bridge.h>
#include <linux/if_link.h>

#include <iterator>

namespace nodescope::netlink {
namespace {

using enum kind_form;

constexpr kind_member bridge_first[] = {
    {IFLA_BR_FORWARD_DELAY, "forward_delay", number32},
    {IFLA_BR_HELLO_TIME, "hello_time", number32},
    {IFLA_BR_MAX_AGE, "max_age", number32},
    {IFLA_BR_AGEING_TIME, "ageing_time", number32},
    {IFLA_BR_STP_STATE, "stp_state", number32},
    {IFLA_BR_PRIORITY, "priority", number16},
    {IFLA_BR_VLAN_FILTERING, "vlan_filtering", number8},
    {IFLA_BR_VLAN_PROTOCOL, "vlan_protocol", vlan_protocol},
    {IFLA_BR_BRIDGE_ID, "bridge_id", bridge_id},
};

constexpr kind_member bridge_second[] = {
    {IFLA_BR_ROOT_PORT, "root_port", number16},
    {IFLA_BR_ROOT_PATH_COST, "root_path_cost", number32},
    {IFLA_BR_TOPOLOGY_CHANGE, "topology_change", number8},
    {IFLA_BR_TOPOLOGY_CHANGE_DETECTED, "topology_change_detected", number8},
    {IFLA_BR_HELLO_TIMER, "hello_timer", hundredths},
    {IFLA_BR_TCN_TIMER, "tcn_timer", hundredths},
    {IFLA_BR_TOPOLOGY_CHANGE_TIMER, "topology_change_timer", hundredths},
    {IFLA_BR_GC_TIMER, "gc_timer", hundredths},
    {IFLA_BR_VLAN_DEFAULT_PVID, "vlan_default_pvid", number16},
    {IFLA_BR_VLAN_STATS_ENABLED, "vlan_stats_enabled", number8},
    {IFLA_BR_VLAN_STATS_PER_PORT, "vlan_stats_per_port", number8},
    {IFLA_BR_GROUP_FWD_MASK, "group_fwd_mask", hex16},
    {IFLA_BR_GROUP_ADDR, "group_addr", hardware},
    {IFLA_BR_MCAST_SNOOPING, "mcast_snooping", number8},
};

constexpr kind_member bridge_third[] = {
    {IFLA_BR_MCAST_ROUTER, "mcast_router", number8},
    {IFLA_BR_MCAST_QUERY_USE_IFADDR, "mcast_query_use_ifaddr", number8},
    {IFLA_BR_MCAST_QUERIER, "mcast_querier", number8},
    {IFLA_BR_MCAST_HASH_ELASTICITY, "mcast_hash_elasticity", number32},
    {IFLA_BR_MCAST_HASH_MAX, "mcast_hash_max", number32},
    {IFLA_BR_MCAST_LAST_MEMBER_CNT, "mcast_last_member_cnt", number32},
    {IFLA_BR_MCAST_STARTUP_QUERY_CNT, "mcast_startup_query_cnt", number32},
    {IFLA_BR_MCAST_LAST_MEMBER_INTVL, "mcast_last_member_intvl", number64},
    {IFLA_BR_MCAST_MEMBERSHIP_INTVL, "mcast_membership_intvl", number64},
    {IFLA_BR_MCAST_QUERIER_INTVL, "mcast_querier_intvl", number64},
    {IFLA_BR_MCAST_QUERY_INTVL, "mcast_query_intvl", number64},
    {IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, "mcast_query_response_intvl", number64},
    {IFLA_BR_MCAST_STARTUP_QUERY_INTVL, "mcast_startup_query_intvl", number64},
    {IFLA_BR_MCAST_STATS_ENABLED, "mcast_stats_enabled", number8},
    {IFLA_BR_MCAST_IGMP_VERSION, "mcast_igmp_version", number8},
    {IFLA_BR_MCAST_MLD_VERSION, "mcast_mld_version", number8},
    {IFLA_BR_NF_CALL_IPTABLES, "nf_call_iptables", number8},
    {IFLA_BR_NF_CALL_IP6TABLES, "nf_call_ip6tables", number8},
    {IFLA_BR_NF_CALL_ARPTABLES, "nf_call_arptables", number8},
};

/// Switches that came after the attributes: which there are, and which are on.
void write_bridge_switches(json_writer& json, const link_kind& kind)
{
    const std::string* const bytes = kind.find(IFLA_BR_MULTI_BOOLOPT);
    br_boolopt_multi told{};
    if (bytes == nullptr || bytes->size() < sizeof told) return;
    std::memcpy(&told, bytes->data(), sizeof told);
    const auto write = [&](std::string_view key, unsigned bit) {
        if ((told.optmask >> bit & 1U) != 0) json.member(key, told.optval >> bit & 1U);
    };
    write("no_linklocal_learn", BR_BOOLOPT_NO_LL_LEARN);
    write("mcast_vlan_snooping", BR_BOOLOPT_MCAST_VLAN_SNOOPING);
}

// By BR_STATE_*.
constexpr std::string_view port_states[] = {"disabled", "listening", "learning", "forwarding", "blocking"};

constexpr kind_member port_members[] = {
    {IFLA_BRPORT_PRIORITY, "priority", number16},
    {IFLA_BRPORT_COST, "cost", signed32},
    {IFLA_BRPORT_MODE, "hairpin", on_off},
    {IFLA_BRPORT_GUARD, "guard", on_off},
    {IFLA_BRPORT_PROTECT, "root_block", on_off},
    {IFLA_BRPORT_FAST_LEAVE, "fastleave", on_off},
    {IFLA_BRPORT_LEARNING, "learning", on_off},
    {IFLA_BRPORT_UNICAST_FLOOD, "flood", on_off},
    {IFLA_BRPORT_ID, "id", hex16},
    {IFLA_BRPORT_NO, "no", hex16},
    {IFLA_BRPORT_DESIGNATED_PORT, "designated_port", number16},
    {IFLA_BRPORT_DESIGNATED_COST, "designated_cost", number16},
    {IFLA_BRPORT_BRIDGE_ID, "bridge_id", bridge_id},
    {IFLA_BRPORT_ROOT_ID, "root_id", bridge_id},
    {IFLA_BRPORT_HOLD_TIMER, "hold_timer", hundredths},
    {IFLA_BRPORT_MESSAGE_AGE_TIMER, "message_age_timer", hundredths},
    {IFLA_BRPORT_FORWARD_DELAY_TIMER, "forward_delay_timer", hundredths},
    {IFLA_BRPORT_TOPOLOGY_CHANGE_ACK, "topology_change_ack", number8},
    {IFLA_BRPORT_CONFIG_PENDING, "config_pending", number8},
    {IFLA_BRPORT_PROXYARP, "proxy_arp", on_off},
    {IFLA_BRPORT_PROXYARP_WIFI, "proxy_arp_wifi", on_off},
    {IFLA_BRPORT_MULTICAST_ROUTER, "multicast_router", number8},
    {IFLA_BRPORT_MCAST_FLOOD, "mcast_flood", on_off},
    {IFLA_BRPORT_BCAST_FLOOD, "bcast_flood", on_off},
    {IFLA_BRPORT_MCAST_TO_UCAST, "mcast_to_unicast", on_off},
    {IFLA_BRPORT_NEIGH_SUPPRESS, "neigh_suppress", on_off},
    {IFLA_BRPORT_GROUP_FWD_MASK, "group_fwd_mask", hex16},
};

constexpr kind_member port_last[] = {
    {IFLA_BRPORT_VLAN_TUNNEL, "vlan_tunnel", on_off},
    {IFLA_BRPORT_ISOLATED, "isolated", on_off},
    {IFLA_BRPORT_LOCKED, "locked", on_off},
};

/// "stp,0x2,lldp"; "0" for none.
std::string forward_mask_words(std::uint16_t mask)
{
    std::string words;
    for (unsigned bit = 0; bit < 16; ++bit) {
        if ((mask & 1U << bit) == 0) continue;
        if (!words.empty()) words += ',';
        words += bit == 0 ? "stp" : bit == 2 ? "lacp" : bit == 14 ? "lldp" : hexadecimal(std::uint64_t{1} << bit);
    }
    return words.empty() ? "0x0" : words;
}

}  // namespace

void write_bridge(json_writer& json, const link_kind& kind, const json_context& context)
{
    write_kind_members(json, kind, bridge_first, context);
    // iproute2 6.1 writes the bridge's own id here, whoever is the root.
    if (kind.find(IFLA_BR_ROOT_ID) != nullptr) {
        constexpr kind_member root[] = {{IFLA_BR_BRIDGE_ID, "root_id", bridge_id}};
        write_kind_members(json, kind, root, context);
    }
    write_kind_members(json, kind, bridge_second, context);
    write_bridge_switches(json, kind);
    write_kind_members(json, kind, bridge_third, context);
}

void write_bridge_port(json_writer& json, const link_kind& kind, const json_context& context)
{
    if (const auto state = kind_number<std::uint8_t>(kind, IFLA_BRPORT_STATE)) {
        if (*state < std::size(port_states)) json.member("state", port_states[*state]);
        else json.member("state_index", *state);
    }
    write_kind_members(json, kind, port_members, context);
    if (const auto mask = kind_number<std::uint16_t>(kind, IFLA_BRPORT_GROUP_FWD_MASK)) {
        json.member("group_fwd_mask_str", forward_mask_words(*mask));
    }
    write_kind_members(json, kind, port_last, context);
    if (const auto backup = kind_number<std::uint32_t>(kind, IFLA_BRPORT_BACKUP_PORT)) {
        json.member("backup_port", context.links.name(*backup));
    }
}

}  // namespace nodescope::netlink
