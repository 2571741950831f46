// link-down: a link with an address is administratively down.
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

namespace nodescope::findings {

finding_list look_for_link_down(const network_model& model)
{
    finding_list found;
    const given_addresses addresses = addresses_given(model);
    for (const netlink::detailed_link& link : model.links.items) {
        // A dummy carries nothing: kube-proxy keeps the addresses of services on one that is down.
        if (is_up(link) || kind_of(link) == "dummy") continue;
        const auto given = addresses.find(link.index);
        if (given == addresses.end()) continue;
        const std::string address = text_of(*given->second);
        finding one;
        one.about.ifname = name_of(link);
        one.summary = fmt::format("{} has the address {} and is down", one.about.ifname, address);
        one.seen.add("address", address).add("kind", std::string(kind_of(link)));
        found.add(std::move(one));
    }
    return found;
}

}  // namespace nodescope::findings
