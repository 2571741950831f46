#include "collectors/network/node_side/ways_back.hpp"

#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/facts/setting_facts.hpp"
#include "collectors/findings/facts/wiring_facts.hpp"
#include "netlink/read/detailed_reader.hpp"
#include "netlink/read/way_lookup.hpp"
#include "netlink/text/address_text.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

namespace nodescope {

namespace {

using findings::way_back;
using netlink::network_address;

/// A link seldom has more than a few.
constexpr std::size_t addresses_asked_about = 16;
/// Of one namespace; a node may have a link for each pod.
constexpr std::size_t ways_asked_for = 1000;

using names_by_index = std::unordered_map<std::uint32_t, std::string>;

names_by_index names_among(const std::vector<netlink::detailed_link>& links)
{
    names_by_index names;
    for (const netlink::detailed_link& one : links) {
        names.emplace(static_cast<std::uint32_t>(one.index), findings::name_of(one));
    }
    return names;
}

bool leads_through(const netlink::detailed_route& route, std::uint32_t index)
{
    return std::ranges::any_of(route.hops, [index](const auto& hop) { return hop.interface_index == index; });
}

way_back way_through(const netlink::detailed_route& route, std::uint32_t index, const names_by_index& names)
{
    way_back made;
    made.link_index = static_cast<int>(index);
    made.is_same = leads_through(route, index);
    for (const auto& hop : route.hops) {
        const auto found = names.find(hop.interface_index);
        if (found != names.end()) made.leaves_by.push_back(found->second);
    }
    return made;
}

/// Somebody else on the link of that address. Of a prefix without room for others there is nobody.
std::optional<network_address> neighbour_of(const netlink::link_address& address)
{
    constexpr unsigned bits = 32;
    constexpr unsigned least_room = 2;
    if (address.family != AF_INET || !address.local) return std::nullopt;
    if (address.peer && *address.peer != *address.local) return address.peer;
    if (address.prefix_length > bits - least_room) return std::nullopt;
    network_address other = *address.local;
    // Neither the network itself (…00) nor its broadcast address (…11).
    const std::uint8_t end = other.bytes[3];
    const unsigned low = end & 3U;
    other.bytes[3] = static_cast<std::uint8_t>((end & ~3U) | (low == 1 ? 2U : 1U));
    return other;
}

/// An address that no route but a default one is about.
std::optional<network_address> somewhere(const findings::network_model& model)
{
    // Those for documentation (RFC 5737) are nobody's.
    constexpr std::array<std::array<std::uint8_t, 4>, 3> candidates{
        {{192, 0, 2, 1}, {198, 51, 100, 1}, {203, 0, 113, 1}}};
    for (const auto& candidate : candidates) {
        network_address address;
        std::ranges::copy(candidate, address.bytes.begin());
        const auto is_about = [&](const netlink::detailed_route& route) {
            return route.family == AF_INET && route.destination_length != 0 &&
                   findings::same_beginning(route.destination, address, route.destination_length);
        };
        if (std::ranges::none_of(model.routes.items, is_about)) return address;
    }
    return std::nullopt;
}

std::set<std::uint32_t> links_of_default_routes(const findings::network_model& model)
{
    std::set<std::uint32_t> links;
    for (const netlink::detailed_route& route : model.routes.items) {
        if (route.family != AF_INET || route.destination_length != 0 || route.type != RTN_UNICAST) continue;
        for (const netlink::next_hop& hop : route.hops) links.insert(hop.interface_index);
    }
    return links;
}

/// The VRF that the link is in. None: the link is a part of something else, and its packets are that one's.
std::optional<std::uint32_t> lookup_domain(const findings::links_by_index& links, const netlink::detailed_link& link)
{
    if (!link.master) return 0;
    const netlink::detailed_link* const master = links.find(*link.master);
    if (master == nullptr || findings::kind_of(*master) != "vrf") return std::nullopt;
    return *link.master;
}

/// Of IPv6 the kernel is not asked: that may send a packet. The routes are read, where nothing else leads to an end.
result<void> look_for_routes6(netlink::netlink_socket& socket, const findings::network_model& model,
                              findings::wired_side& node, deadline limit, const abandon_flag& abandoned)
{
    const auto is_open = [&model](const findings::node_end& end) {
        return end.is_pair && end.master.empty() && !end.leads_back &&
               std::ranges::any_of(model.addresses.items, [&end](const netlink::link_address& one) {
                   return one.family == AF_INET6 && one.link_index == end.link_index;
               });
    };
    if (std::ranges::none_of(node.ends, is_open)) return {};
    const auto routes = netlink::blocking_read_detailed_routes(socket, AF_INET6, limit, abandoned);
    if (!routes) return routes.error();
    for (findings::node_end& end : node.ends) {
        for (const netlink::link_address& address : model.addresses.items) {
            if (address.family != AF_INET6 || address.link_index != end.link_index || !address.local) continue;
            if (findings::is_link_local(AF_INET6, *address.local)) continue;
            const auto leads_to = [&](const netlink::detailed_route& route) {
                return route.type == RTN_UNICAST && route.destination_length != 0 &&
                       leads_through(route, static_cast<std::uint32_t>(end.index)) &&
                       findings::same_beginning(route.destination, *address.local, route.destination_length);
            };
            end.leads_back = end.leads_back || std::ranges::any_of(routes->items, leads_to);
        }
    }
    return {};
}

}  // namespace

result<std::vector<way_back>> blocking_ways_of_own_links(netlink::netlink_socket& socket,
                                                         const findings::network_model& model,
                                                         const netlink::network_settings& settings, deadline limit)
{
    std::vector<way_back> ways;
    const findings::links_by_index links(model);
    const names_by_index names = names_among(model.links.items);
    const std::optional<network_address> outside = somewhere(model);
    const std::set<std::uint32_t> outward = links_of_default_routes(model);
    for (const netlink::link_address& address : model.addresses.items) {
        const auto index = static_cast<std::uint32_t>(address.link_index);
        const netlink::detailed_link* const link = links.find(index);
        if (address.family != AF_INET || !address.local || link == nullptr) continue;
        if (!findings::is_up(*link) || findings::is_loopback(*link)) continue;
        const findings::source_filter filter = findings::source_filter_of(settings, address.link_index);
        const auto domain = lookup_domain(links, *link);
        if (!filter.is_strict() || !domain || ways.size() >= ways_asked_for) continue;

        const auto ask = [&](const network_address& to, std::string whose) -> result<void> {
            const auto found = netlink::blocking_find_way(socket, {to, address.local, *domain}, limit);
            if (!found) return found.error();
            if (!*found || (*found)->type != RTN_UNICAST) return {};
            way_back& way = ways.emplace_back(way_through(**found, index, names));
            way.link = findings::name_of(*link);
            way.filter_of_link = filter.of_link;
            way.filter_of_all = filter.of_all;
            way.packets_from = std::move(whose);
            return {};
        };
        if (const auto near = neighbour_of(address)) {
            if (const auto asked = ask(*near, findings::text_of(address)); !asked) return asked.error();
        }
        if (outside && outward.contains(index)) {
            if (const auto asked = ask(*outside, "everywhere"); !asked) return asked.error();
        }
    }
    return ways;
}

result<std::vector<way_back>> blocking_ways_to_ends(netlink::netlink_socket& socket,
                                                    const findings::network_model& model,
                                                    const std::vector<netlink::detailed_link>& links,
                                                    findings::wired_side& node, deadline limit,
                                                    const abandon_flag& abandoned)
{
    std::vector<way_back> ways;
    const names_by_index names = names_among(links);
    for (findings::node_end& end : node.ends) {
        // Packets come in through the bridge that the end is a port of.
        const bool is_received = end.bridge || end.master.empty();
        const int receiver = end.bridge ? node.bridges[*end.bridge].index : end.index;
        const findings::source_filter filter = findings::source_filter_of(node.settings, receiver);
        std::size_t asked_about = 0;
        for (const netlink::link_address& address : model.addresses.items) {
            if (address.link_index != end.link_index || !address.local) continue;
            if (address.family != AF_INET || findings::is_link_local(AF_INET, *address.local)) continue;
            if (++asked_about > addresses_asked_about) break;
            const auto found = netlink::blocking_find_way(socket, {*address.local, {}, 0}, limit);
            if (!found) return found.error();
            if (!*found) continue;
            end.leads_back = end.leads_back || leads_through(**found, static_cast<std::uint32_t>(end.index));
            if (!end.is_pair || !is_received || !filter.is_strict()) continue;
            if ((*found)->type != RTN_UNICAST) continue;
            way_back& way = ways.emplace_back(way_through(**found, static_cast<std::uint32_t>(receiver), names));
            const auto name = names.find(static_cast<std::uint32_t>(receiver));
            way.link = name != names.end() ? name->second : end.name;
            way.filter_of_link = filter.of_link;
            way.filter_of_all = filter.of_all;
            way.packets_from = netlink::address_text(address.family, *address.local);
        }
    }
    const auto looked = look_for_routes6(socket, model, node, limit, abandoned);
    if (!looked) return looked.error();
    return ways;
}

}  // namespace nodescope
