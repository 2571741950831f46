#include "netlink/json/link_kinds.hpp"

#include "netlink/decode/attributes.hpp"
#include "netlink/text/address_text.hpp"

#include <linux/if_arp.h>
#include <linux/if_bonding.h>
#include <linux/if_link.h>
#include <sys/socket.h>

#include <iterator>

namespace nodescope::netlink {
namespace {

using enum kind_form;
using word_list = std::span<const std::string_view>;

constexpr std::string_view bond_modes[] = {"balance-rr", "active-backup", "balance-xor", "broadcast",
                                           "802.3ad",    "balance-tlb",   "balance-alb"};
constexpr std::string_view arp_validations[] = {"none",   "active",        "backup",       "all",
                                                "filter", "filter_active", "filter_backup"};
constexpr std::string_view arp_targets[] = {"any", "all"};
constexpr std::string_view reselections[] = {"always", "better", "failure"};
constexpr std::string_view failover_addresses[] = {"none", "active", "follow"};
constexpr std::string_view hash_policies[] = {"layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"};
constexpr std::string_view off_or_on[] = {"off", "on"};
constexpr std::string_view lacp_rates[] = {"slow", "fast"};
constexpr std::string_view selections[] = {"stable", "bandwidth", "count"};

std::string_view word_of(word_list words, std::uint32_t number)
{
    return number < words.size() ? words[number] : "UNKNOWN";
}

template <std::integral Number>
void write_word(json_writer& json, const link_kind& kind, std::uint16_t type, std::string_view key, word_list words)
{
    if (const auto number = kind_number<Number>(kind, type)) json.member(key, word_of(words, *number));
}

constexpr kind_member bond_active[] = {
    {IFLA_BOND_ACTIVE_SLAVE, "active_slave", link_name},
    {IFLA_BOND_MIIMON, "miimon", number32},
    {IFLA_BOND_UPDELAY, "updelay", number32},
    {IFLA_BOND_DOWNDELAY, "downdelay", number32},
    {IFLA_BOND_PEER_NOTIF_DELAY, "peer_notify_delay", number32},
    {IFLA_BOND_USE_CARRIER, "use_carrier", number8},
    {IFLA_BOND_ARP_INTERVAL, "arp_interval", number32},
    {IFLA_BOND_MISSED_MAX, "arp_missed_max", number8},
};
constexpr kind_member bond_primary[] = {{IFLA_BOND_PRIMARY, "primary", link_name}};
constexpr kind_member bond_counts[] = {
    {IFLA_BOND_RESEND_IGMP, "resend_igmp", number32},
    {IFLA_BOND_NUM_PEER_NOTIF, "num_peer_notif", number8},
    {IFLA_BOND_ALL_SLAVES_ACTIVE, "all_slaves_active", number8},
    {IFLA_BOND_MIN_LINKS, "min_links", number32},
    {IFLA_BOND_LP_INTERVAL, "lp_interval", number32},
    {IFLA_BOND_PACKETS_PER_SLAVE, "packets_per_slave", number32},
};
constexpr kind_member bond_last[] = {
    {IFLA_BOND_AD_ACTOR_SYS_PRIO, "ad_actor_sys_prio", number16},
    {IFLA_BOND_AD_USER_PORT_KEY, "ad_user_port_key", number16},
    {IFLA_BOND_AD_ACTOR_SYSTEM, "ad_actor_system", hardware},
    {IFLA_BOND_TLB_DYNAMIC_LB, "tlb_dynamic_lb", number8},
};

/// iproute2 begins the list at the first place, and shows none where that one is empty.
void write_targets(json_writer& json, const link_kind& kind, std::uint16_t type, std::string_view key,
                   std::uint8_t family)
{
    const std::string* const list = kind.find(type);
    if (list == nullptr) return;
    const std::size_t size = family == AF_INET ? 4 : 16;
    const auto all = std::as_bytes(std::span(*list));
    std::size_t damaged = 0;
    bool begins = false;
    for_each_attribute(all, damaged, [&](std::uint16_t place, byte_span) { begins = begins || place == 0; });
    if (!begins) return;
    json.array_member(key, [&] {
        for_each_attribute(all, damaged, [&](std::uint16_t, byte_span one) {
            if (one.size() < size) return;
            network_address address;
            std::memcpy(address.bytes.data(), one.data(), size);
            json.plain_value(address_text(family, address));
        });
    });
}

void write_aggregation(json_writer& json, const link_kind& kind, const json_context& context)
{
    const std::string* const list = kind.find(IFLA_BOND_AD_INFO);
    if (list == nullptr) return;
    constexpr kind_member members[] = {
        {IFLA_BOND_AD_INFO_AGGREGATOR, "aggregator", number16},
        {IFLA_BOND_AD_INFO_NUM_PORTS, "num_ports", number16},
        {IFLA_BOND_AD_INFO_ACTOR_KEY, "actor_key", number16},
        {IFLA_BOND_AD_INFO_PARTNER_KEY, "partner_key", number16},
        {IFLA_BOND_AD_INFO_PARTNER_MAC, "partner_mac", hardware},
    };
    attribute_list inside;
    std::size_t damaged = 0;
    for_each_attribute(std::as_bytes(std::span(*list)), damaged, [&](std::uint16_t type, byte_span one) {
        inside.attributes.push_back({.type = type, .bytes{reinterpret_cast<const char*>(one.data()), one.size()}});
    });
    json.object_member("ad_info", [&] { write_kind_members(json, inside, members, context); });
}

constexpr std::string_view port_states_of_bond[] = {"ACTIVE", "BACKUP"};
constexpr std::string_view mii_states[] = {"UP", "GOING_DOWN", "DOWN", "GOING_BACK"};
// LACP_STATE_*, from bit 0.
constexpr std::string_view lacp_states[] = {"active",     "short_timeout", "aggregating", "in_sync",
                                            "collecting", "distributing",  "defaulted",   "expired"};

void write_state_or_number(json_writer& json, const link_kind& kind, std::uint16_t type, std::string_view key,
                           std::string_view number_key, word_list words)
{
    const auto state = kind_number<std::uint8_t>(kind, type);
    if (!state) return;
    if (*state < words.size()) json.member(key, words[*state]);
    else json.member(number_key, *state);
}

void write_port_state(json_writer& json, const link_kind& kind, std::uint16_t type, std::string_view key,
                      std::string_view words_key)
{
    const auto state = kind_number<std::uint8_t>(kind, type);
    if (!state) return;
    json.member(key, *state);
    json.array_member(words_key, [&] {
        for (unsigned bit = 0; bit < std::size(lacp_states); ++bit) {
            if ((*state & 1U << bit) != 0) json.plain_value(lacp_states[bit]);
        }
    });
}

}  // namespace

void write_bond(json_writer& json, const link_kind& kind, const json_context& context)
{
    write_word<std::uint8_t>(json, kind, IFLA_BOND_MODE, "mode", bond_modes);
    write_kind_members(json, kind, bond_active, context);
    write_targets(json, kind, IFLA_BOND_ARP_IP_TARGET, "arp_ip_target", AF_INET);
    write_targets(json, kind, IFLA_BOND_NS_IP6_TARGET, "ns_ip6_target", AF_INET6);
    if (const auto validation = kind_number<std::uint32_t>(kind, IFLA_BOND_ARP_VALIDATE)) {
        if (*validation == 0) null_member(json, "arp_validate");
        else json.member("arp_validate", word_of(arp_validations, *validation));
    }
    write_word<std::uint32_t>(json, kind, IFLA_BOND_ARP_ALL_TARGETS, "arp_all_targets", arp_targets);
    write_kind_members(json, kind, bond_primary, context);
    write_word<std::uint8_t>(json, kind, IFLA_BOND_PRIMARY_RESELECT, "primary_reselect", reselections);
    write_word<std::uint8_t>(json, kind, IFLA_BOND_FAIL_OVER_MAC, "fail_over_mac", failover_addresses);
    write_word<std::uint8_t>(json, kind, IFLA_BOND_XMIT_HASH_POLICY, "xmit_hash_policy", hash_policies);
    write_kind_members(json, kind, bond_counts, context);
    write_word<std::uint8_t>(json, kind, IFLA_BOND_AD_LACP_ACTIVE, "ad_lacp_active", off_or_on);
    write_word<std::uint8_t>(json, kind, IFLA_BOND_AD_LACP_RATE, "ad_lacp_rate", lacp_rates);
    write_word<std::uint8_t>(json, kind, IFLA_BOND_AD_SELECT, "ad_select", selections);
    write_aggregation(json, kind, context);
    write_kind_members(json, kind, bond_last, context);
}

void write_bond_port(json_writer& json, const link_kind& kind, const json_context& context)
{
    constexpr kind_member members[] = {
        {IFLA_BOND_SLAVE_LINK_FAILURE_COUNT, "link_failure_count", signed32},
        {IFLA_BOND_SLAVE_PERM_HWADDR, "perm_hwaddr", hardware},
        {IFLA_BOND_SLAVE_QUEUE_ID, "queue_id", number16},
        {IFLA_BOND_SLAVE_PRIO, "prio", signed32},
        {IFLA_BOND_SLAVE_AD_AGGREGATOR_ID, "ad_aggregator_id", number16},
    };
    write_state_or_number(json, kind, IFLA_BOND_SLAVE_STATE, "state", "state_index", port_states_of_bond);
    write_state_or_number(json, kind, IFLA_BOND_SLAVE_MII_STATUS, "mii_status", "mii_status_index", mii_states);
    write_kind_members(json, kind, members, context);
    write_port_state(json, kind, IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE, "ad_actor_oper_port_state",
                     "ad_actor_oper_port_state_str");
    write_port_state(json, kind, IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE, "ad_partner_oper_port_state",
                     "ad_partner_oper_port_state_str");
}

}  // namespace nodescope::netlink
