// mtu-mismatch: what one end may send is too long for the other, which drops it without a word.
#include "collectors/findings/facts/end_facts.hpp"
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/links/overlay_mtu.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace nodescope::findings {

namespace {

struct sized_end {
    std::string name;
    std::uint32_t mtu = 0;
};

finding too_long(const netlink::detailed_link& link, const sized_end& other, std::string_view where,
                 std::string_view relation)
{
    finding one;
    one.about.ifname = name_of(link);
    const sized_end own{one.about.ifname, *link.mtu};
    const bool sends_longer = own.mtu > other.mtu;
    one.summary = fmt::format("{} has the MTU {}, and {} {} has {}: packets of more than {} bytes from {} are lost",
                              own.name, own.mtu, other.name, where, other.mtu, std::min(own.mtu, other.mtu),
                              sends_longer ? own.name : other.name);
    one.seen.add("mtu", own.mtu)
        .add("other", other.name)
        .add("other_mtu", other.mtu)
        .add("other_is", std::string(relation));
    return one;
}

/// Both ends of a pair drop what is longer than their own MTU.
void compare_pairs(const network_model& model, const links_by_index& links, finding_list& found)
{
    for (const other_end& end : model.ends.items) {
        const netlink::detailed_link* const link = links.find(static_cast<std::uint32_t>(end.link_index));
        if (link == nullptr || kind_of(*link) != "veth" || !is_up(*link) || !link->mtu || !end.mtu) continue;
        // A pair in one namespace is one finding.
        const bool told = end.here && link->lower && *link->lower < static_cast<std::uint32_t>(link->index);
        if (*link->mtu == *end.mtu || told) continue;
        found.add(too_long(*link, {end.name, *end.mtu}, place_text(end), "the other end"));
    }
}

/// A bridge sends as much as it may itself; what comes from other ports is not longer as a rule.
void compare_ports(const network_model& model, const links_by_index& links, finding_list& found)
{
    for (const netlink::detailed_link& port : model.links.items) {
        if (!port.master || !is_up(port) || !port.mtu) continue;
        const netlink::detailed_link* const bridge = links.find(*port.master);
        if (bridge == nullptr || kind_of(*bridge) != "bridge" || !is_up(*bridge) || !bridge->mtu) continue;
        if (*port.mtu >= *bridge->mtu) continue;
        found.add(too_long(port, {name_of(*bridge), *bridge->mtu}, "above it", "the bridge"));
    }
}

}  // namespace

finding_list look_for_mtu_mismatch(const network_model& model)
{
    finding_list found;
    const links_by_index links(model);
    compare_pairs(model, links, found);
    compare_ports(model, links, found);
    compare_overlays(model, found);
    return found;
}

}  // namespace nodescope::findings
