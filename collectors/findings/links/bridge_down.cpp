// bridge-down: a bridge with ports is administratively down, and no rule about links says so.
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/facts/wiring_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <linux/if.h>

namespace nodescope::findings {

namespace {

/// Of a link with an address in the namespace that is looked at.
bool is_told_by_link_down(const network_model& model, const wired_side& where, const wired_bridge& bridge)
{
    return where.is_here && addresses_given(model).contains(bridge.index);
}

}  // namespace

finding_list look_for_bridge_down(const network_model& model)
{
    finding_list found;
    for (const wired_side& where : model.sides.items) {
        for (const wired_bridge& bridge : where.bridges) {
            if ((bridge.flags & IFF_UP) != 0 || is_told_by_link_down(model, where, bridge)) continue;
            finding one;
            one.about.netns = where.netns;
            one.about.ifname = bridge.name;
            one.summary = fmt::format("the bridge {} {} has {} port{} and is down", bridge.name, place_text(where),
                                      bridge.ports.size(), bridge.ports.size() == 1 ? "" : "s");
            one.seen.add("ports", bridge.ports.size()).add("port", bridge.ports.front().name);
            found.add(std::move(one));
        }
    }
    return found;
}

}  // namespace nodescope::findings
