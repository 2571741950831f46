// no-default-route: a container with a global address has no default route in its family.
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/facts/route_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstdint>
#include <set>

namespace nodescope::findings {

namespace {

/// Good for talking to others beyond its link.
bool asks_for_default(const links_by_index& links, const netlink::link_address& address)
{
    if (!address.local || address.scope != RT_SCOPE_UNIVERSE || is_link_local(address.family, *address.local))
        return false;
    // One that a router has announced: it has left out the default route too.
    if (address.family == AF_INET6 && (address.flags & IFA_F_PERMANENT) == 0) return false;
    if ((address.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0) return false;
    // Of a link that is down, or without a carrier, other rules speak: its routes are gone with it.
    const netlink::detailed_link* const link = links.find(static_cast<std::uint32_t>(address.link_index));
    return link != nullptr && is_up(*link) && has_carrier(*link) && !is_loopback(*link);
}

/// Whether the packets of somebody may find one, wherever it leads. Halves of everything, as tunnels set them, are one
/// too.
bool has_default(const network_model& model, std::uint8_t family)
{
    const std::set<std::uint32_t> tables = ruled_tables(model, family);
    for (const netlink::detailed_route& one : model.routes.items) {
        const bool wide = one.destination_length <= 1;
        if (one.family == family && wide && (one.type == RTN_UNICAST || drops(one)) && tables.contains(one.table))
            return true;
    }
    return false;
}

}  // namespace

finding_list look_for_no_default_route(const network_model& model)
{
    finding_list found;
    if (model.is_node) return found;
    const links_by_index links(model);
    for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
        if (has_default(model, family)) continue;
        for (const netlink::link_address& address : model.addresses.items) {
            if (address.family != family || !asks_for_default(links, address)) continue;
            finding one;
            one.about.ifname = links.name(static_cast<std::uint32_t>(address.link_index));
            one.summary = fmt::format("{} has the address {}, and there is no {} default route", one.about.ifname,
                                      text_of(address), family_text(family));
            one.seen.add("family", std::string(family_text(family))).add("address", text_of(address));
            found.add(std::move(one));
            break;
        }
    }
    return found;
}

}  // namespace nodescope::findings
