// conntrack-full: the table of connections is nearly full, or connections have found no place in it.
#include "collectors/findings/load/growth.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope::findings {

namespace {

/// Of nf_conntrack_max. A burst of some seconds fills the rest, and then new connections are dropped without an answer.
constexpr std::uint64_t conntrack_percent = 90;

void tell_fill(const netlink::conntrack_statistics& table, finding_list& found)
{
    // 0 means no limit (__nf_conntrack_alloc in net/netfilter/nf_conntrack_core.c).
    if (!table.count || table.max.value_or(0) == 0) return;
    if (!is_over_percent(*table.count, *table.max, conntrack_percent)) return;
    finding one;
    one.summary =
        fmt::format("{} of {} connections are tracked: beyond that, new ones are dropped", *table.count, *table.max);
    one.seen.add("count", *table.count).add("max", *table.max);
    found.add(std::move(one));
}

void tell_growth(const load_counters& before, const load_counters& now, finding_list& found)
{
    const std::uint64_t failed = grown(before.conntrack_insert_failed, now.conntrack_insert_failed);
    const std::uint64_t dropped = grown(before.conntrack_dropped, now.conntrack_dropped);
    if (failed == 0 && dropped == 0) return;
    const std::uint64_t seconds = seconds_between(before, now);
    finding one;
    // Some packets are counted as both.
    one.summary =
        fmt::format("connection tracking has dropped {} packets within {} s", std::max(failed, dropped), seconds);
    one.seen.add("insert_failed", failed).add("drop", dropped).add("seconds", seconds);
    found.add(std::move(one));
}

}  // namespace

finding_list look_for_conntrack_full(const network_model& model)
{
    finding_list found;
    if (model.conntrack.statistics) tell_fill(*model.conntrack.statistics, found);
    if (model.counters.before) tell_growth(*model.counters.before, model.counters.now, found);
    return found;
}

}  // namespace nodescope::findings
