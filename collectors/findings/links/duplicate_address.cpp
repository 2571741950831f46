// duplicate-address: the kernel has found an address of this namespace at somebody else's on the same link, or two
// namespaces on one bridge are seen to have one.
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/facts/wiring_facts.hpp"
#include "collectors/findings/rules.hpp"
#include "netlink/text/address_text.hpp"

#include <fmt/format.h>

#include <linux/if_addr.h>

#include <algorithm>
#include <map>

namespace nodescope::findings {

namespace {

using holders = std::vector<const bridge_station*>;

void look_at_detection(const network_model& model, finding_list& found)
{
    const links_by_index links(model);
    for (const netlink::link_address& address : model.addresses.items) {
        if ((address.flags & IFA_F_DADFAILED) == 0) continue;
        finding one;
        one.about.ifname = links.name(static_cast<std::uint32_t>(address.link_index));
        one.summary = fmt::format("{} of {} is somebody else's on that link too, and is not used", text_of(address),
                                  one.about.ifname);
        one.seen.add("address", text_of(address)).add("flag", "dadfailed");
        found.add(std::move(one));
    }
}

/// What only its own link knows may be the same elsewhere, and what detection has refused is told by it.
std::map<std::string, holders> by_address(const std::vector<bridge_station>& all)
{
    std::map<std::string, holders> same;
    for (const bridge_station& one : all) {
        if (one.addresses == nullptr) continue;
        for (const netlink::link_address& address : *one.addresses) {
            if (!address.local || is_link_local(address.family, *address.local)) continue;
            if ((address.flags & IFA_F_DADFAILED) != 0) continue;
            holders& by = same[netlink::address_text(address.family, *address.local)];
            if (by.empty() || by.back() != &one) by.push_back(&one);
        }
    }
    return same;
}

void look_at_bridge(const network_model& model, const wired_side& where, const wired_bridge& bridge,
                    finding_list& found)
{
    const std::vector<bridge_station> all = stations_of(model, where, bridge);
    for (const auto& [address, same] : by_address(all)) {
        const auto is_elsewhere = [&same = same](const auto* one) { return one->netns != same.front()->netns; };
        const bool is_own = std::ranges::any_of(same, [](const auto* one) { return one->is_own; });
        if (std::ranges::none_of(same, is_elsewhere) || (!where.is_here && !is_own)) continue;
        finding one;
        one.about = subject_of(where, same);
        one.summary = fmt::format("{} have one address, {}, on the bridge {}", names_of(same), address, bridge.name);
        one.seen.add("address", address).add("links", names_of(same)).add("bridge", bridge.name);
        found.add(std::move(one));
    }
}

}  // namespace

finding_list look_for_duplicate_address(const network_model& model)
{
    finding_list found;
    look_at_detection(model, found);
    for (const wired_side& where : model.sides.items) {
        for (const wired_bridge& bridge : where.bridges) look_at_bridge(model, where, bridge, found);
    }
    return found;
}

}  // namespace nodescope::findings
