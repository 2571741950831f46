// How links are wired, said in few words, for tests of the rules.
#pragma once

#include "collectors/findings/wiring_model.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace nodescope::findings {

inline constexpr std::uint64_t node_netns = 7;

inline netlink::link_address address_called(const std::string& text)
{
    const said_prefix prefix(text);
    netlink::link_address made;
    made.family = prefix.family;
    made.prefix_length = prefix.length;
    made.local = prefix.address;
    made.peer = prefix.address;
    return made;
}

/// Its last byte; the others are 2.
inline netlink::hardware_address hardware(std::uint8_t last)
{
    netlink::hardware_address made;
    made.size = 6;
    std::fill_n(made.bytes.begin(), 5, std::uint8_t{2});
    made.bytes[5] = last;
    return made;
}

/// A bridge br0 (10) with the address 10.0.0.1/24 and the ports veth2 (12) and veth3 (13), whose other ends have 2 and
/// 3 in their addresses.
inline wired_bridge made_bridge()
{
    wired_bridge made;
    made.index = 10;
    made.name = "br0";
    made.flags = running;
    made.hardware = hardware(12);
    made.addresses.push_back(address_called("10.0.0.1/24"));
    for (const int number : {2, 3}) {
        bridge_port& port = made.ports.emplace_back();
        port.index = 10 + number;
        port.name = "veth" + std::to_string(number);
        port.flags = running;
        port.hardware = hardware(static_cast<std::uint8_t>(10 + number));
        port.leads_elsewhere = true;
        seen_end& end = port.end.emplace();
        end.netns = number == 2 ? 99 : 100;
        end.index = 2;
        end.name = "eth0";
        end.hardware = hardware(static_cast<std::uint8_t>(number));
        end.addresses.push_back(address_called("10.0.0." + std::to_string(number) + "/24"));
        end.whose = "the container c" + std::to_string(number);
    }
    return made;
}

inline netlink::network_settings made_settings()
{
    netlink::network_settings made;
    made.files = {{"ipv4/ip_forward", {1}},
                  {"ipv6/conf/all/forwarding", {1}},
                  {"ipv4/conf/all/rp_filter", {0}},
                  {"bridge/bridge-nf-call-iptables", {1}}};
    netlink::link_settings& link = made.links.emplace_back();
    link.name = "br0";
    link.index = 10;
    link.forwarding = 1;
    link.forwarding6 = 1;
    return made;
}

inline void set(netlink::network_settings& of, std::string_view path, std::int64_t value)
{
    std::ranges::find(of.files, path, &netlink::network_setting::path)->numbers = {value};
}

/// The container c2 of made_bridge(), and the node that it is on.
struct wired_container : made_model {
    wired_container()
    {
        wired_side& here = sides.items.emplace_back();
        here.netns = netns;
        here.is_here = true;
        here.settings = made_settings();
        wired_side& node_side = sides.items.emplace_back();
        node_side.netns = node_netns;
        node_side.is_node = true;
        node_side.bridges.push_back(made_bridge());
        node_side.settings = made_settings();
        node_end& end = node_side.ends.emplace_back();
        end.link_index = 2;
        end.link_name = "eth0";
        end.index = 12;
        end.name = "veth2";
        end.flags = running;
        end.is_pair = true;
        end.master = "br0";
        end.bridge = 0;
        filters.items.push_back({netns, {}});
        filters.items.push_back({node_netns, {}});
    }
    wired_side& node() { return sides.items[1]; }
    wired_bridge& bridge() { return node().bridges[0]; }
    node_end& end() { return node().ends[0]; }
    netlink::forward_filters& node_filters() { return filters.items[1].filters; }
};

/// The node itself.
struct wired_node : made_model {
    wired_node()
    {
        netns = node_netns;
        is_node = true;
        wired_side& here = sides.items.emplace_back();
        here.netns = netns;
        here.is_here = here.is_node = true;
        here.bridges.push_back(made_bridge());
        here.settings = made_settings();
        filters.items.push_back({netns, {}});
    }
    wired_side& node() { return sides.items[0]; }
    wired_bridge& bridge() { return node().bridges[0]; }
    netlink::forward_filters& node_filters() { return filters.items[0].filters; }
};

/// Of the only finding, the namespace too: "7 br0 key=value"; 0 stands for the one that is looked at.
inline std::string placed_evidence_of(const finding_list& found)
{
    if (found.items().size() != 1) return evidence_of(found);
    return std::to_string(found.items()[0].about.netns) + " " + evidence_of(found);
}

}  // namespace nodescope::findings
