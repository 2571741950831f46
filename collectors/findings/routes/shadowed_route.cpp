// shadowed-route: a route is never used, because a rule before its own leads to a table with a route for all that it
// leads to. Within one table the longer prefix wins, across tables the earlier rule does.
#include "collectors/findings/facts/prefix_index.hpp"
#include "collectors/findings/facts/route_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace nodescope::findings {

namespace {

/// The routes that rules without a condition have led to so far.
using earlier_routes = prefix_index<const netlink::detailed_route*>;

struct hidden_routes {
    const netlink::detailed_route* first = nullptr;
    std::size_t count = 0;
};
using hidden_by = std::map<const netlink::detailed_route*, hidden_routes>;

/// It answers every packet for its prefix. What is local is left out: that a node's own addresses come first is no
/// mistake.
bool can_hide(const netlink::detailed_route& one, const netlink::detailed_rule& rule)
{
    const bool answers = one.type == RTN_UNICAST || drops(one);
    const bool dead = (one.flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) != 0;
    return answers && !dead && one.table != RT_TABLE_LOCAL && one.source_length == 0 && one.tos == 0 &&
           !suppresses(rule, one.destination_length);
}

/// Somebody has made it, so that packets use it. The kernel makes its own with each address, wanted or not.
bool is_meant(const netlink::detailed_route& one)
{
    return one.type == RTN_UNICAST && one.protocol != RTPROT_KERNEL && one.table != RT_TABLE_LOCAL;
}

using routes_of_tables = std::map<std::uint32_t, std::vector<const netlink::detailed_route*>>;

routes_of_tables tables_of(const network_model& model, std::uint8_t family)
{
    routes_of_tables tables;
    for (const netlink::detailed_route& one : model.routes.items) {
        if (one.family == family) tables[one.table].push_back(&one);
    }
    return tables;
}

/// Goes through the rules as the kernel does.
hidden_by hidden_in(const network_model& model, std::uint8_t family)
{
    const auto rules = rules_of(model, family);
    // What is behind a jump may be reached without what is before it.
    if (std::ranges::find(rules, FR_ACT_GOTO, &netlink::detailed_rule::action) != rules.end()) return {};
    const routes_of_tables tables = tables_of(model, family);
    earlier_routes earlier;
    std::set<std::uint32_t> reached;
    hidden_by hidden;
    for (const netlink::detailed_rule* const rule : rules) {
        if (rule->action != FR_ACT_TO_TBL) continue;
        const auto table = tables.find(rule->table);
        // Packets that an earlier rule has led here may find what is hidden from others.
        const bool first_time = reached.insert(rule->table).second;
        if (table == tables.end()) continue;
        if (first_time && is_unconditional(*rule)) {
            for (const netlink::detailed_route* const one : table->second) {
                if (!is_meant(*one)) continue;
                const auto* const by = earlier.covering(one->destination, one->destination_length);
                if (by == nullptr) continue;
                hidden_routes& behind = hidden[*by];
                if (behind.first == nullptr) behind.first = one;
                ++behind.count;
            }
        }
        if (!is_unconditional(*rule)) continue;
        for (const netlink::detailed_route* const one : table->second) {
            if (can_hide(*one, *rule)) earlier.add(one->destination, one->destination_length, one);
        }
    }
    return hidden;
}

}  // namespace

finding_list look_for_shadowed_route(const network_model& model)
{
    finding_list found;
    for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
        for (const auto& [by, behind] : hidden_in(model, family)) {
            finding one;
            one.summary = fmt::format(
                "the {} route to {} in the table {} is never used: the table {}, which is asked before, has one to {}",
                family_text(family), destination_text(*behind.first), table_text(behind.first->table),
                table_text(by->table), destination_text(*by));
            one.seen.add("family", std::string(family_text(family)))
                .add("route", destination_text(*behind.first))
                .add("table", table_text(behind.first->table))
                .add("hidden_by", destination_text(*by))
                .add("hidden_by_table", table_text(by->table))
                .add("routes", behind.count);
            found.add(std::move(one));
        }
    }
    return found;
}

}  // namespace nodescope::findings
