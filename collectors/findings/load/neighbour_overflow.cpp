// neighbour-overflow: there is no room for another neighbour entry. The table is the node's, and all namespaces share
// it.
#include "collectors/findings/load/growth.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <linux/neighbour.h>
#include <sys/socket.h>

#include <algorithm>

namespace nodescope::findings {

namespace {

std::string_view family_of(const netlink::neighbour_table& table) { return table.family == AF_INET6 ? "IPv6" : "IPv4"; }

std::uint64_t fulls_before(const compared_counters& counters, const netlink::neighbour_table& table)
{
    if (!counters.before) return table.table_fulls.value_or(0);
    const auto& known = counters.before->neighbour_tables;
    const auto one = std::ranges::find(known, table.family, &netlink::neighbour_table::family);
    return one != known.end() && one->table_fulls ? *one->table_fulls : table.table_fulls.value_or(0);
}

}  // namespace

finding_list look_for_neighbour_overflow(const network_model& model)
{
    finding_list found;
    for (const netlink::neighbour_table& table : model.counters.now.neighbour_tables) {
        if (!table.gc_thresh3) continue;
        const std::uint64_t refused = grown(fulls_before(model.counters, table), table.table_fulls.value_or(0));
        // How many of the entries count is known only where those are that do not: with the node's own.
        const auto exempt = std::ranges::find(model.counters.exempt, table.family, &exempt_neighbours::family);
        const std::uint64_t counting =
            exempt != model.counters.exempt.end() ? grown(exempt->count, table.entries) : std::uint64_t{0};
        // Other namespaces may have any number of permanent ones: a table that was never full is not full now.
        const bool full = counting >= *table.gc_thresh3 && table.table_fulls.value_or(0) != 0;
        if (refused == 0 && !full) continue;
        finding one;
        one.summary = fmt::format("the node's neighbour table of {} is full: of {} entries at most {} may be kept",
                                  family_of(table), table.entries, *table.gc_thresh3);
        one.seen.add("family", std::string(family_of(table)))
            .add("entries", table.entries)
            .add("gc_thresh3", *table.gc_thresh3)
            .add("refused", refused);
        if (model.counters.before) {
            one.seen.add("seconds", seconds_between(*model.counters.before, model.counters.now));
        }
        found.add(std::move(one));
    }
    return found;
}

}  // namespace nodescope::findings
