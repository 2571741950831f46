#include "collectors/findings/facts/route_facts.hpp"

#include "netlink/text/address_text.hpp"

#include <fmt/format.h>

#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace nodescope::findings {

namespace {

/// IFLA_VRF_TABLE of the links that have one.
void add_vrf_tables(std::set<std::uint32_t>& tables, const network_model& model)
{
    for (const netlink::detailed_link& link : model.links.items) {
        if (!link.kind || link.kind->name != "vrf") continue;
        const std::string* const bytes = link.kind->find(IFLA_VRF_TABLE);
        std::uint32_t table = 0;
        if (bytes == nullptr || bytes->size() != sizeof(table)) continue;
        std::memcpy(&table, bytes->data(), sizeof(table));
        tables.insert(table);
    }
}

/// The one of lowest metric in a table; throw is an answer too: that the next table is to be asked.
const netlink::detailed_route* default_of_table(const network_model& model, std::uint8_t family, std::uint32_t table)
{
    const netlink::detailed_route* best = nullptr;
    for (const netlink::detailed_route& one : model.routes.items) {
        if (one.family != family || one.table != table || !is_default(one)) continue;
        if (best == nullptr || one.priority < best->priority) best = &one;
    }
    return best;
}

}  // namespace

std::string table_text(std::uint32_t table)
{
    switch (table) {
        case RT_TABLE_MAIN: return "main";
        case RT_TABLE_LOCAL: return "local";
        case RT_TABLE_DEFAULT: return "default";
        default: return std::to_string(table);
    }
}

std::string destination_text(const netlink::detailed_route& route)
{
    if (route.destination_length == 0) return "default";
    return fmt::format("{}/{}", netlink::address_text(route.family, route.destination), route.destination_length);
}

std::string_view family_text(std::uint8_t family) { return family == AF_INET ? "IPv4" : "IPv6"; }

bool is_default(const netlink::detailed_route& route)
{
    return route.destination_length == 0 && route.source_length == 0 && route.tos == 0;
}

bool drops(const netlink::detailed_route& route)
{
    return route.type == RTN_BLACKHOLE || route.type == RTN_UNREACHABLE || route.type == RTN_PROHIBIT;
}

std::set<std::uint32_t> ruled_tables(const network_model& model, std::uint8_t family)
{
    std::set<std::uint32_t> tables;
    for (const netlink::detailed_rule& one : model.rules.items) {
        if (one.family == family && one.action == FR_ACT_TO_TBL) tables.insert(one.table);
    }
    add_vrf_tables(tables, model);
    return tables;
}

bool is_unconditional(const netlink::detailed_rule& rule)
{
    const bool selects = rule.source_length != 0 || rule.destination_length != 0 || rule.tos != 0 ||
                         rule.input_interface || rule.output_interface || rule.mark.value_or(0) != 0 ||
                         rule.mark_mask.value_or(0) != 0 || rule.l3_master.value_or(0) != 0 || rule.uids ||
                         rule.ip_protocol.value_or(0) != 0 || rule.source_ports || rule.destination_ports ||
                         rule.tunnel.value_or(0) != 0;
    constexpr std::uint32_t no_group = 0xFFFFFFFF;
    const bool looks_at_group = rule.suppress_group.value_or(no_group) != no_group;
    return !selects && !looks_at_group && (rule.flags & FIB_RULE_INVERT) == 0;
}

bool suppresses(const netlink::detailed_rule& rule, std::uint8_t destination_length)
{
    constexpr std::uint32_t no_limit = 0xFFFFFFFF;
    const std::uint32_t limit = rule.suppress_prefix_length.value_or(no_limit);
    return limit != no_limit && destination_length <= limit;
}

std::vector<const netlink::detailed_rule*> rules_of(const network_model& model, std::uint8_t family)
{
    std::vector<const netlink::detailed_rule*> rules;
    for (const netlink::detailed_rule& one : model.rules.items) {
        if (one.family == family) rules.push_back(&one);
    }
    std::ranges::stable_sort(rules, {}, &netlink::detailed_rule::priority);
    return rules;
}

const netlink::detailed_route* effective_default(const network_model& model, std::uint8_t family)
{
    for (const netlink::detailed_rule* const rule : rules_of(model, family)) {
        if (rule->action != FR_ACT_TO_TBL || !is_unconditional(*rule) || suppresses(*rule, 0)) continue;
        const netlink::detailed_route* const found = default_of_table(model, family, rule->table);
        if (found != nullptr && found->type != RTN_THROW) return found;
    }
    return nullptr;
}

}  // namespace nodescope::findings
