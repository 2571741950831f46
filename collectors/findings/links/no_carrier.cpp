// no-carrier: a link with an address is up, and nothing is connected to it.
#include "collectors/findings/facts/end_facts.hpp"
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

namespace nodescope::findings {

finding_list look_for_no_carrier(const network_model& model)
{
    finding_list found;
    const given_addresses addresses = addresses_given(model);
    const std::unordered_set<int> lowered = links_lowered_by_node(model);
    for (const netlink::detailed_link& link : model.links.items) {
        // A bridge to which no running container is connected has no carrier either, and waits for the next one.
        if (!is_up(link) || has_carrier(link) || kind_of(link) == "bridge") continue;
        if (lowered.contains(link.index)) continue;  // peer-down says more
        const auto given = addresses.find(link.index);
        if (given == addresses.end()) continue;
        const std::string address = text_of(*given->second);
        finding one;
        one.about.ifname = name_of(link);
        one.summary = fmt::format("{} has the address {} and is up, without a carrier", one.about.ifname, address);
        one.seen.add("address", address).add("kind", std::string(kind_of(link)));
        found.add(std::move(one));
    }
    return found;
}

}  // namespace nodescope::findings
