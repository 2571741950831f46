// bridge-nf-off: there are rules for services or published ports, and packets between two ports of a bridge pass them
// by.
#include "collectors/findings/facts/setting_facts.hpp"
#include "collectors/findings/facts/wiring_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope::findings {

namespace {

/// A bridge that containers are on; that of the looked-at namespace's own links where it is the node's. Null: none.
const wired_bridge* bridge_with_containers(const wired_side& where)
{
    for (const wired_bridge& one : where.bridges) {
        if (std::ranges::any_of(one.ports, &bridge_port::leads_elsewhere)) return &one;
    }
    return nullptr;
}

}  // namespace

finding_list look_for_bridge_nf_off(const network_model& model)
{
    finding_list found;
    for (const wired_side& where : model.sides.items) {
        const wired_bridge* const bridge = bridge_with_containers(where);
        const auto filters = std::ranges::find(model.filters.items, where.netns, &wired_filters::netns);
        if (bridge == nullptr || filters == model.filters.items.end() || filters->filters.service_chains.empty()) {
            continue;
        }
        const auto value = setting(where.settings, "bridge/bridge-nf-call-iptables");
        if (value.value_or(0) != 0) continue;
        const std::string& chain = filters->filters.service_chains.front();
        finding one;
        one.about.netns = where.netns;
        one.summary = fmt::format(
            "packets between containers on {} pass the rules of {} by: "
            "net.bridge.bridge-nf-call-iptables is {}",
            bridge->name, chain, value ? "0" : "not there (the module br_netfilter is not loaded)");
        one.seen.add("setting", "net.bridge.bridge-nf-call-iptables")
            .add("value", value ? "0" : "missing")
            .add("chain", chain)
            .add("bridge", bridge->name);
        found.add(std::move(one));
    }
    return found;
}

}  // namespace nodescope::findings
