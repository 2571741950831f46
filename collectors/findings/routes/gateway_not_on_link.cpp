// gateway-not-on-link: nothing says that the next hop of a route is a neighbour on its interface.
#include "collectors/findings/facts/hop_facts.hpp"
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/facts/prefix_index.hpp"
#include "collectors/findings/facts/route_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstdint>
#include <map>
#include <utility>

namespace nodescope::findings {

namespace {

/// What is connected to a link of one family: the prefixes of its addresses, and of routes through it without a next
/// hop.
using link_and_family = std::pair<std::uint32_t, std::uint8_t>;
using connected_prefixes = std::map<link_and_family, prefix_index<bool>>;

connected_prefixes prefixes_of(const network_model& model)
{
    connected_prefixes all;
    for (const netlink::link_address& one : model.addresses.items) {
        const auto& prefix = one.peer ? one.peer : one.local;
        if (prefix) all[{static_cast<std::uint32_t>(one.link_index), one.family}].add(*prefix, one.prefix_length, true);
    }
    for (const netlink::detailed_route& one : model.routes.items) {
        if (one.type != RTN_UNICAST) continue;
        for (const netlink::next_hop& hop : one.hops) {
            if (hop.gateway_family != 0) continue;
            all[{hop.interface_index, one.family}].add(one.destination, one.destination_length, true);
        }
    }
    return all;
}

bool is_covered(const connected_prefixes& all, const used_gateway& gateway)
{
    const auto here = all.find({gateway.interface_index, gateway.family});
    const unsigned whole = gateway.family == AF_INET ? 32 : 128;
    return here != all.end() && here->second.covering(gateway.address, whole) != nullptr;
}

}  // namespace

finding_list look_for_gateway_not_on_link(const network_model& model)
{
    finding_list found;
    const links_by_index links(model);
    const connected_prefixes all = prefixes_of(model);
    for (const used_gateway& gateway : used_gateways(model)) {
        if (gateway.on_link) continue;
        // Routers of IPv6 are known by addresses of this kind, which every link has.
        if (gateway.family == AF_INET6 && is_link_local(gateway.family, gateway.address)) continue;
        if (is_covered(all, gateway)) continue;
        finding one;
        one.about.ifname = links.name(gateway.interface_index);
        one.summary = fmt::format("{} is the next hop of {}, and no address and no route of {} covers it",
                                  text_of(gateway), routes_text(gateway), one.about.ifname);
        one.seen.add("gateway", text_of(gateway))
            .add("route", destination_text(*gateway.first))
            .add("table", table_text(gateway.first->table))
            .add("routes", gateway.routes);
        found.add(std::move(one));
    }
    return found;
}

}  // namespace nodescope::findings
