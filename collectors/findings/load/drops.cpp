// drops: a link drops packets.
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/load/growth.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace nodescope::findings {

namespace {

/// Of the packets in that direction, the dropped ones included. A link that is well drops only frames of
/// protocols that nobody here speaks (spanning tree, LLDP), which are far fewer. Prometheus' node-exporter warns of
/// errors of links from the same percentage on.
constexpr std::uint64_t drops_percent = 1;
/// Between two readings, and each second: of a link that carries little, a few are a large part.
constexpr std::uint64_t least_drops = 10;
constexpr std::uint64_t least_drops_per_second = 1;

struct direction {
    std::string_view name;
    std::uint64_t counted_link::*packets;
    std::uint64_t counted_link::*dropped;
};
constexpr direction directions[] = {{"received", &counted_link::received, &counted_link::received_dropped},
                                    {"sent", &counted_link::sent, &counted_link::sent_dropped}};

}  // namespace

finding_list look_for_drops(const network_model& model)
{
    finding_list found;
    if (!model.counters.before) return found;
    const load_counters& before = *model.counters.before;
    const std::uint64_t seconds = seconds_between(before, model.counters.now);
    std::unordered_map<int, const counted_link*> links_before;
    for (const counted_link& one : before.links) links_before.emplace(one.index, &one);
    const links_by_index links(model);
    for (const counted_link& now : model.counters.now.links) {
        const auto known = links_before.find(now.index);
        if (known == links_before.end()) continue;
        const counted_link& then = *known->second;
        for (const direction& way : directions) {
            const std::uint64_t dropped = grown(then.*way.dropped, now.*way.dropped);
            const std::uint64_t packets = grown(then.*way.packets, now.*way.packets);
            if (dropped < std::max(least_drops, seconds * least_drops_per_second)) continue;
            if (!is_over_percent(dropped, packets + dropped, drops_percent)) continue;
            finding one;
            one.about.ifname = links.name(static_cast<std::uint32_t>(now.index));
            one.summary = fmt::format("{} has dropped {} of {} packets that were {} within {} s", one.about.ifname,
                                      dropped, packets + dropped, way.name, seconds);
            one.seen.add("direction", std::string(way.name))
                .add("dropped", dropped)
                .add("packets", packets)
                .add("seconds", seconds);
            found.add(std::move(one));
        }
    }
    return found;
}

}  // namespace nodescope::findings
