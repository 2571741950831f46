// Models for tests of the rules, said in few words.
#pragma once

#include "collectors/findings/finding.hpp"
#include "collectors/findings/network_model.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstdlib>
#include <string>
#include <utility>

namespace nodescope::findings {

inline constexpr unsigned running = IFF_UP | IFF_RUNNING | IFF_BROADCAST;

/// What stands before and behind the '/' of a prefix; without one it is a whole address.
struct said_prefix {
    explicit said_prefix(const std::string& text)
    {
        const std::size_t slash = text.find('/');
        const std::string head = text.substr(0, slash);
        family = head.find(':') != std::string::npos ? AF_INET6 : AF_INET;
        EXPECT_EQ(::inet_pton(family, head.c_str(), address.bytes.data()), 1) << text;
        const char* const rest = slash != std::string::npos ? text.c_str() + slash + 1 : nullptr;
        length = static_cast<std::uint8_t>(rest != nullptr ? std::atoi(rest) : family == AF_INET ? 32 : 128);
    }
    std::uint8_t family = 0;
    std::uint8_t length = 0;
    netlink::network_address address;
};

/// As a container engine makes them: lo and eth0 (2) with 10.0.0.2/24, and a default route through 10.0.0.1.
struct made_model : network_model {
    made_model()
    {
        netns = 99;
        link("lo", IFF_UP | IFF_RUNNING | IFF_LOOPBACK, "");
        address(1, "127.0.0.1/8").scope = RT_SCOPE_HOST;
        link("eth0", running, "veth");
        address(2, "10.0.0.2/24");
        for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
            rule(family, 0, RT_TABLE_LOCAL);
            rule(family, 32766, RT_TABLE_MAIN);
        }
        route("0.0.0.0/0", "10.0.0.1");
        route("10.0.0.0/24", "").protocol = RTPROT_KERNEL;
        netlink::detailed_route& own = route("10.0.0.2", "", RT_TABLE_LOCAL);
        own.type = RTN_LOCAL;
        own.protocol = RTPROT_KERNEL;
    }
    netlink::detailed_link& link(std::string name, unsigned flags, std::string kind)
    {
        netlink::detailed_link& made = links.items.emplace_back();
        made.index = static_cast<int>(links.items.size());
        made.name = std::move(name);
        made.flags = flags;
        if (!kind.empty()) made.kind.emplace().name = std::move(kind);
        return made;
    }
    netlink::link_address& address(int index, const std::string& text)
    {
        const said_prefix prefix(text);
        netlink::link_address& made = addresses.items.emplace_back();
        made.link_index = index;
        made.family = prefix.family;
        made.prefix_length = prefix.length;
        made.flags = IFA_F_PERMANENT;
        made.local = prefix.address;
        made.peer = prefix.address;
        return made;
    }
    /// Through eth0.
    netlink::detailed_route& route(const std::string& to, const std::string& gateway,
                                   std::uint32_t table = RT_TABLE_MAIN)
    {
        const said_prefix prefix(to);
        netlink::detailed_route& made = routes.items.emplace_back();
        made.family = prefix.family;
        made.type = RTN_UNICAST;
        made.protocol = RTPROT_STATIC;
        made.destination = prefix.address;
        made.destination_length = prefix.length;
        made.table = table;
        netlink::next_hop& hop = made.hops.emplace_back();
        hop.interface_index = 2;
        if (gateway.empty()) return made;
        const said_prefix via(gateway);
        hop.gateway = via.address;
        hop.gateway_family = via.family;
        return made;
    }
    netlink::detailed_rule& rule(std::uint8_t family, std::uint32_t priority, std::uint32_t table)
    {
        netlink::detailed_rule& made = rules.items.emplace_back();
        made.family = family;
        made.priority = priority;
        made.table = table;
        made.action = FR_ACT_TO_TBL;
        return made;
    }
    netlink::neighbour& neighbour(const std::string& text, std::uint16_t state)
    {
        const said_prefix prefix(text);
        netlink::neighbour& made = neighbours.items.emplace_back();
        made.family = prefix.family;
        made.state = state;
        made.interface_index = 2;
        made.address = prefix.address;
        return made;
    }
    other_end& end(int link_index, std::string name, unsigned flags, std::uint32_t mtu)
    {
        other_end& made = ends.items.emplace_back();
        made.link_index = link_index;
        made.name = std::move(name);
        made.flags = flags;
        made.mtu = mtu;
        made.on_node = true;
        return made;
    }
    netlink::detailed_link& eth0() { return links.items[1]; }
    netlink::detailed_route& default_route() { return routes.items[0]; }
};

/// "key=value" of the only finding; what is wrong where there is not one.
inline std::string evidence_of(const finding_list& found)
{
    if (found.items().size() != 1) return std::to_string(found.items().size()) + " findings";
    std::string text = found.items()[0].about.ifname;
    for (const auto& [key, value] : found.items()[0].seen.entries()) {
        const auto* const number = std::get_if<std::uint64_t>(&value);
        text += ' ';
        text += key;
        text += '=';
        text += number != nullptr ? std::to_string(*number) : std::get<std::string>(value);
    }
    return text;
}

}  // namespace nodescope::findings
