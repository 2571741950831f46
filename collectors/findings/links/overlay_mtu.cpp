#include "collectors/findings/links/overlay_mtu.hpp"

#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/facts/route_facts.hpp"
#include "collectors/findings/facts/wiring_facts.hpp"
#include "netlink/model/tunnel.hpp"

#include <fmt/format.h>

#include <linux/rtnetlink.h>

#include <algorithm>
#include <optional>

namespace nodescope::findings {

namespace {

using netlink::tunnel;

std::uint32_t link_of_address(const network_model& model, const netlink::network_address& address)
{
    const auto found =
        std::ranges::find_if(model.addresses.items, [&](const auto& one) { return one.local == address; });
    return found != model.addresses.items.end() ? static_cast<std::uint32_t>(found->link_index) : 0;
}

/// By the longest prefix of the main table; 0: by none.
std::uint32_t link_towards(const network_model& model, const tunnel& through)
{
    const netlink::detailed_route* best = nullptr;
    for (const netlink::detailed_route& one : model.routes.items) {
        if (one.family != through.family || one.table != RT_TABLE_MAIN || one.type != RTN_UNICAST) continue;
        if (through.remote ? !same_beginning(one.destination, *through.remote, one.destination_length)
                           : !is_default(one)) {
            continue;
        }
        const bool better = best == nullptr || one.destination_length > best->destination_length ||
                            (one.destination_length == best->destination_length && one.priority < best->priority);
        if (better) best = &one;
    }
    return best != nullptr && !best->hops.empty() ? best->hops.front().interface_index : 0;
}

/// The link that carries the tunnel's packets. Null: nobody knows, or it is in another namespace.
const netlink::detailed_link* lower_link(const network_model& model, const links_by_index& links,
                                         const netlink::detailed_link& link, const tunnel& through)
{
    if (link.lower.value_or(0) != 0) return link.lower_namespace ? nullptr : links.find(*link.lower);
    if (link.lower_namespace) return nullptr;  // its packets leave by another namespace
    std::uint32_t index = 0;
    if (through.local && model.addresses.missing.empty()) index = link_of_address(model, *through.local);
    if (index == 0 && model.routes.missing.empty()) index = link_towards(model, through);
    return links.find(index);
}

}  // namespace

void compare_overlays(const network_model& model, finding_list& found)
{
    const links_by_index links(model);
    for (const netlink::detailed_link& link : model.links.items) {
        if (!link.kind || !is_up(link) || !link.mtu) continue;
        const std::optional<tunnel> through = netlink::tunnel_of(*link.kind);
        if (!through) continue;
        const netlink::detailed_link* const lower = lower_link(model, links, link, *through);
        if (lower == nullptr || lower == &link || !lower->mtu || is_loopback(*lower)) continue;
        // What fits: mtu + header <= mtu of the link below. A smaller MTU above loses nothing.
        if (*link.mtu + through->header <= *lower->mtu) continue;
        const std::uint32_t fits = *lower->mtu > through->header ? *lower->mtu - through->header : 0;
        finding one;
        one.about.ifname = name_of(link);
        one.summary = fmt::format(
            "{} has the MTU {}, and {} below it has {}, of which {} takes {}: packets of more than "
            "{} bytes are cut in pieces or lost",
            one.about.ifname, *link.mtu, name_of(*lower), *lower->mtu, link.kind->name, through->header, fits);
        one.seen.add("mtu", *link.mtu)
            .add("other", name_of(*lower))
            .add("other_mtu", *lower->mtu)
            .add("other_is", "the link below")
            .add("header", through->header);
        found.add(std::move(one));
    }
}

}  // namespace nodescope::findings
