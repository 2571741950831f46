// forward-policy-drop: what no rule accepts is dropped where packets are passed on, and no rule accepts those of a
// bridge with containers.
#include "collectors/findings/facts/filter_facts.hpp"
#include "collectors/findings/facts/route_facts.hpp"
#include "collectors/findings/facts/wiring_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace nodescope::findings {

namespace {

/// For each of them all rules may have to be looked at.
constexpr std::size_t most_bridges = 100;

finding dropped_by(const netlink::dropping_chain& chain, const routed_bridge& routed, std::uint8_t family)
{
    finding one;
    one.about.netns = routed.where->netns;
    one.about.ifname = routed.bridge->name;
    one.summary = fmt::format(
        "the chain {} of the table {} ({}) drops what no rule accepts, and none accepts the {} "
        "packets of {} {}",
        chain.name, chain.table, chain.variant, family_text(family), routed.bridge->name, place_text(*routed.where));
    one.seen.add("family", std::string(family_text(family)))
        .add("variant", chain.variant)
        .add("table", chain.table)
        .add("chain", chain.name)
        .add("bridge", routed.bridge->name);
    return one;
}

}  // namespace

finding_list look_for_forward_policy_drop(const network_model& model)
{
    finding_list found;
    std::vector<routed_bridge> bridges = routed_bridges(model);
    if (bridges.size() > most_bridges) bridges.resize(most_bridges);
    for (const wired_filters& filters : model.filters.items) {
        // A packet must get through each of them.
        for (const netlink::dropping_chain& chain : filters.filters.dropping) {
            const dropping_filter filter(chain);
            for (const routed_bridge& routed : bridges) {
                if (routed.where->netns != filters.netns) continue;
                for (const std::uint8_t family : routed.families) {
                    if (chain.family != 0 && chain.family != family) continue;
                    if (!filter.accepts_some(*routed.bridge, family)) found.add(dropped_by(chain, routed, family));
                }
            }
        }
    }
    return found;
}

}  // namespace nodescope::findings
