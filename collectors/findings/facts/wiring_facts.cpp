#include "collectors/findings/facts/wiring_facts.hpp"

#include "collectors/findings/facts/link_facts.hpp"

#include <fmt/format.h>

#include <linux/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace nodescope::findings {

namespace {

/// Beyond these the sentence does not get clearer.
constexpr std::size_t stations_named = 4;

bool has_address(const wired_bridge& bridge, std::uint8_t family)
{
    return std::ranges::any_of(bridge.addresses, [family](const netlink::link_address& one) {
        return one.family == family && one.local && !is_link_local(family, *one.local);
    });
}

/// A route of the namespace that is looked at has an address of the bridge as its next hop.
bool is_gateway(const network_model& model, const node_end& end, const wired_bridge& bridge, std::uint8_t family)
{
    const auto is_of_bridge = [&bridge](const netlink::next_hop& hop) {
        return std::ranges::any_of(bridge.addresses, [&hop](const netlink::link_address& one) {
            return one.family == hop.gateway_family && one.local == hop.gateway;
        });
    };
    return std::ranges::any_of(model.routes.items, [&](const netlink::detailed_route& route) {
        return route.family == family && std::ranges::any_of(route.hops, [&](const netlink::next_hop& hop) {
                   return hop.interface_index == static_cast<std::uint32_t>(end.link_index) && is_of_bridge(hop);
               });
    });
}

void add_family(std::vector<routed_bridge>& all, const wired_side& where, const wired_bridge& bridge,
                std::uint8_t family)
{
    auto found = std::ranges::find(all, &bridge, &routed_bridge::bridge);
    if (found == all.end()) found = all.insert(all.end(), {&where, &bridge, {}});
    if (std::ranges::find(found->families, family) == found->families.end()) found->families.push_back(family);
}

const node_end* own_end(const wired_side& where, const bridge_port& port)
{
    const auto found = std::ranges::find(where.ends, port.index, &node_end::index);
    return found != where.ends.end() ? &*found : nullptr;
}

}  // namespace

std::vector<routed_bridge> routed_bridges(const network_model& model)
{
    std::vector<routed_bridge> all;
    for (const wired_side& where : model.sides.items) {
        for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
            for (const wired_bridge& bridge : where.bridges) {
                if (!where.is_here || (bridge.flags & IFF_UP) == 0 || !has_address(bridge, family)) continue;
                if (std::ranges::any_of(bridge.ports, &bridge_port::leads_elsewhere)) {
                    add_family(all, where, bridge, family);
                }
            }
            for (const node_end& end : where.ends) {
                if (!end.bridge) continue;
                const wired_bridge& bridge = where.bridges[*end.bridge];
                if ((bridge.flags & IFF_UP) != 0 && is_gateway(model, end, bridge, family)) {
                    add_family(all, where, bridge, family);
                }
            }
        }
    }
    return all;
}

bool same_beginning(const netlink::network_address& one, const netlink::network_address& other, unsigned bits)
{
    constexpr unsigned byte_bits = 8;
    const std::size_t whole = std::min<std::size_t>(bits / byte_bits, one.bytes.size());
    if (std::memcmp(one.bytes.data(), other.bytes.data(), whole) != 0) return false;
    const unsigned rest = bits % byte_bits;
    if (rest == 0 || whole == one.bytes.size()) return true;
    return ((one.bytes[whole] ^ other.bytes[whole]) & (0xFFU << (byte_bits - rest)) & 0xFFU) == 0;
}

std::string_view place_text(const wired_side& where) { return where.is_node ? "on the node" : "in this namespace"; }

std::string text_of(const netlink::hardware_address& address)
{
    std::string text;
    for (std::size_t i = 0; i < address.size && i < address.bytes.size(); ++i) {
        text += fmt::format("{}{:02x}", i == 0 ? "" : ":", address.bytes[i]);
    }
    return text;
}

std::vector<bridge_station> stations_of(const network_model& model, const wired_side& where, const wired_bridge& bridge)
{
    std::vector<bridge_station> all;
    bridge_station& itself = all.emplace_back();
    itself.said = fmt::format("the bridge {}", bridge.name);
    itself.ifname = bridge.name;
    itself.netns = where.netns;
    itself.is_bridge = true;
    itself.hardware = &bridge.hardware;
    itself.addresses = &bridge.addresses;
    for (const bridge_port& port : bridge.ports) {
        const node_end* const own = own_end(where, port);
        bridge_station& made = all.emplace_back();
        made.said = fmt::format("the port {}", port.name);
        made.ifname = port.name;
        made.netns = where.netns;
        made.is_own = own != nullptr;
        made.hardware = &port.hardware;
        if (!port.end) continue;
        bridge_station& end = all.emplace_back();
        end.is_own = port.end->netns == model.netns;
        end.said = fmt::format("{} of {}", port.end->name, port.end->whose);
        end.ifname = port.name;
        end.netns = port.end->netns;
        end.is_end = true;
        if (end.is_own) end.own_name = port.end->name;
        end.hardware = &port.end->hardware;
        end.addresses = &port.end->addresses;
    }
    return all;
}

subject subject_of(const wired_side& where, const std::vector<const bridge_station*>& same)
{
    subject about;
    const auto own = std::ranges::find_if(same, [](const auto* one) { return !one->own_name.empty(); });
    if (!where.is_here && own != same.end()) {
        about.ifname = (*own)->own_name;
        return about;
    }
    const auto first = std::ranges::find_if(same, [](const auto* one) { return one->is_own; });
    about.netns = where.netns;
    about.ifname = (first != same.end() ? *first : same.front())->ifname;
    return about;
}

std::string names_of(const std::vector<const bridge_station*>& same)
{
    std::string text;
    const std::size_t named = std::min(same.size(), stations_named);
    for (std::size_t i = 0; i < named; ++i) {
        const bool is_last = i + 1 == same.size();
        text += fmt::format("{}{}", i == 0 ? "" : is_last ? " and " : ", ", same[i]->said);
    }
    if (named < same.size()) text += fmt::format(" and {} more", same.size() - named);
    return text;
}

}  // namespace nodescope::findings
