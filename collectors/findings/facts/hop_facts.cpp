#include "collectors/findings/facts/hop_facts.hpp"

#include "collectors/findings/facts/route_facts.hpp"
#include "netlink/text/address_text.hpp"

#include <fmt/format.h>

#include <linux/if.h>
#include <linux/lwtunnel.h>
#include <linux/rtnetlink.h>

#include <array>
#include <map>
#include <set>
#include <utility>

namespace nodescope::findings {

namespace {

using gateway_key = std::pair<std::uint32_t, std::pair<std::uint8_t, std::array<std::uint8_t, 16>>>;

/// The links on which a next hop is asked for by ARP or NDP.
std::set<std::uint32_t> links_with_neighbours(const network_model& model)
{
    std::set<std::uint32_t> indexes;
    for (const netlink::detailed_link& link : model.links.items) {
        if ((link.flags & (IFF_NOARP | IFF_POINTOPOINT | IFF_LOOPBACK)) == 0) {
            indexes.insert(static_cast<std::uint32_t>(link.index));
        }
    }
    return indexes;
}

void use_hop(std::map<gateway_key, used_gateway>& gateways, const netlink::detailed_route& route,
             const netlink::next_hop& hop)
{
    used_gateway& one = gateways[{hop.interface_index, {hop.gateway_family, hop.gateway.bytes}}];
    const bool on_link = ((hop.flags | route.flags) & RTNH_F_ONLINK) != 0;
    if (one.routes == 0) {
        one.address = hop.gateway;
        one.family = hop.gateway_family;
        one.interface_index = hop.interface_index;
        one.on_link = on_link;
    }
    one.on_link = one.on_link && on_link;
    if (one.first == nullptr || (is_default(route) && !is_default(*one.first))) one.first = &route;
    ++one.routes;
}

}  // namespace

std::vector<used_gateway> used_gateways(const network_model& model)
{
    const std::set<std::uint32_t> indexes = links_with_neighbours(model);
    std::map<gateway_key, used_gateway> gateways;
    for (const netlink::detailed_route& route : model.routes.items) {
        if (route.type != RTN_UNICAST) continue;
        for (const netlink::next_hop& hop : route.hops) {
            const bool asked = hop.gateway_family != 0 && hop.encapsulation == LWTUNNEL_ENCAP_NONE;
            if (asked && indexes.contains(hop.interface_index)) use_hop(gateways, route, hop);
        }
    }
    std::vector<used_gateway> all;
    all.reserve(gateways.size());
    for (const auto& [key, one] : gateways) all.push_back(one);
    return all;
}

std::string text_of(const used_gateway& gateway) { return netlink::address_text(gateway.family, gateway.address); }

std::string routes_text(const used_gateway& gateway)
{
    std::string first =
        is_default(*gateway.first) ? "the default route" : "the route to " + destination_text(*gateway.first);
    if (gateway.routes == 1) return first;
    return fmt::format("{} and {} more", first, gateway.routes - 1);
}

}  // namespace nodescope::findings
