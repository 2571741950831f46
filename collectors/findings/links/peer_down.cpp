// peer-down: the node's end of a link with an address is administratively down.
#include "collectors/findings/facts/end_facts.hpp"
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

namespace nodescope::findings {

finding_list look_for_peer_down(const network_model& model)
{
    finding_list found;
    const links_by_index links(model);
    const given_addresses addresses = addresses_given(model);
    for (const other_end& end : model.ends.items) {
        if (!is_lowered_by_node(model, end)) continue;
        const netlink::detailed_link* const link = links.find(static_cast<std::uint32_t>(end.link_index));
        const auto given = addresses.find(end.link_index);
        if (link == nullptr || !is_up(*link) || given == addresses.end()) continue;
        finding one;
        one.about.ifname = name_of(*link);
        one.summary = fmt::format("{} on the node, to which {} is connected, is down", end.name, one.about.ifname);
        one.seen.add("peer", end.name).add("kind", std::string(kind_of(*link))).add("address", text_of(*given->second));
        found.add(std::move(one));
    }
    return found;
}

}  // namespace nodescope::findings
