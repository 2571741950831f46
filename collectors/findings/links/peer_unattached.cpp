// peer-unattached: the node's end of a link with an address is in no bridge, and no route or proxy ARP leads to it.
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <linux/if.h>

namespace nodescope::findings {

finding_list look_for_peer_unattached(const network_model& model)
{
    finding_list found;
    const given_addresses addresses = addresses_given(model);
    const links_by_index links(model);
    for (const wired_side& where : model.sides.items) {
        for (const node_end& end : where.ends) {
            if (!end.is_pair || !end.master.empty() || end.leads_back || end.proxies || end.has_programs) continue;
            if ((end.flags & IFF_UP) == 0) continue;  // peer-down says more: routes go with the link
            const netlink::detailed_link* const link = links.find(static_cast<std::uint32_t>(end.link_index));
            const auto given = addresses.find(end.link_index);
            if (link == nullptr || !is_up(*link) || given == addresses.end()) continue;
            finding one;
            one.about.ifname = end.link_name;
            one.summary = fmt::format(
                "{} on the node, to which {} is connected, is in no bridge, and no route of the "
                "node's leads to {}",
                end.name, end.link_name, text_of(*given->second));
            one.seen.add("peer", end.name).add("address", text_of(*given->second));
            found.add(std::move(one));
        }
    }
    return found;
}

}  // namespace nodescope::findings
