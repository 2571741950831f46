#include "collectors/network/node_side/bridge_reading.hpp"

#include "collectors/findings/facts/link_facts.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace nodescope {

namespace {

bool leads_elsewhere(const netlink::detailed_link& link)
{
    return findings::kind_of(link) == "veth" && link.lower.value_or(0) != 0 && link.lower_namespace;
}

}  // namespace

std::vector<findings::wired_bridge> bridges_among(const std::vector<netlink::detailed_link>& links,
                                                  const std::vector<netlink::link_address>& addresses,
                                                  const std::set<std::uint32_t>& wanted)
{
    std::vector<findings::wired_bridge> bridges;
    std::unordered_map<std::uint32_t, std::size_t> places;
    for (const netlink::detailed_link& one : links) {
        const auto index = static_cast<std::uint32_t>(one.index);
        if (findings::kind_of(one) != "bridge" || (!wanted.empty() && !wanted.contains(index))) continue;
        places.emplace(index, bridges.size());
        findings::wired_bridge& made = bridges.emplace_back();
        made.index = one.index;
        made.name = findings::name_of(one);
        made.flags = one.flags;
        made.hardware = one.address;
    }
    for (const netlink::detailed_link& one : links) {
        const auto bridge = one.master ? places.find(*one.master) : places.end();
        if (bridge == places.end()) continue;
        findings::bridge_port& port = bridges[bridge->second].ports.emplace_back();
        port.index = one.index;
        port.name = findings::name_of(one);
        port.flags = one.flags;
        port.hardware = one.address;
        port.leads_elsewhere = leads_elsewhere(one);
    }
    for (const netlink::link_address& one : addresses) {
        const auto bridge = places.find(static_cast<std::uint32_t>(one.link_index));
        if (bridge != places.end()) bridges[bridge->second].addresses.push_back(one);
    }
    std::erase_if(bridges, [](const findings::wired_bridge& one) { return one.ports.empty(); });
    return bridges;
}

std::map<std::int32_t, std::vector<awaited_end>> ends_elsewhere(const std::vector<netlink::detailed_link>& links,
                                                                std::vector<findings::wired_bridge>& bridges)
{
    std::unordered_map<int, findings::bridge_port*> ports;
    for (findings::wired_bridge& bridge : bridges) {
        for (findings::bridge_port& port : bridge.ports) {
            if (port.leads_elsewhere && !port.end) ports.emplace(port.index, &port);
        }
    }
    std::map<std::int32_t, std::vector<awaited_end>> awaited;
    for (const netlink::detailed_link& one : links) {
        const auto port = ports.find(one.index);
        if (port == ports.end() || *one.lower_namespace < 0) continue;
        awaited[*one.lower_namespace].push_back({port->second, *one.lower});
    }
    return awaited;
}

}  // namespace nodescope
