// How links are wired where they are passed on: the bridges of a namespace, what is connected to them, and the ends of
// the looked-at namespace's links on the node.
#pragma once

#include "collectors/findings/finding.hpp"
#include "netlink/model/address.hpp"
#include "netlink/model/forward_filters.hpp"
#include "netlink/model/link.hpp"
#include "netlink/model/network_settings.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nodescope::findings {

/// The other end of a bridge's port, seen in its own namespace.
struct seen_end {
    std::uint64_t netns = 0;  ///< the inode
    int index = 0;
    std::string name;
    std::optional<netlink::hardware_address> hardware;
    std::vector<netlink::link_address> addresses;
    std::string whose;  ///< for sentences: "the container web", "the namespace cni-1"
};

struct bridge_port {
    int index = 0;
    std::string name;
    std::uint32_t flags = 0;  ///< IFF_*
    std::optional<netlink::hardware_address> hardware;
    bool leads_elsewhere = false;  ///< of a veth pair whose other end is in another namespace
    std::optional<seen_end> end;   ///< where somebody knows it
};

struct wired_bridge {
    int index = 0;
    std::string name;
    std::uint32_t flags = 0;  ///< IFF_*
    std::optional<netlink::hardware_address> hardware;
    std::vector<netlink::link_address> addresses;
    std::vector<bridge_port> ports;
};

/// The end on the node of a link of the namespace that is looked at.
struct node_end {
    int link_index = 0;  ///< of the link
    std::string link_name;
    int index = 0;  ///< of the end
    std::string name;
    std::uint32_t flags = 0;            ///< IFF_*
    bool is_pair = false;               ///< the two are a veth pair
    std::string master;                 ///< empty: it is a part of nothing
    std::optional<std::size_t> bridge;  ///< its master, among the bridges
    bool leads_back = false;            ///< a route of the node's to an address of the link goes through it
    bool has_programs = false;          ///< traffic control or XDP may take packets off it
    bool proxies = false;               ///< it answers ARP for others
};

/// Whether a packet that comes in through a link has its way back through the same.
struct way_back {
    int link_index = 0;
    std::string link;
    std::int32_t filter_of_link = 0;  ///< net.ipv4.conf.LINK.rp_filter
    std::int32_t filter_of_all = 0;
    std::string packets_from;            ///< whose packets: "10.0.0.7", "everywhere"
    std::vector<std::string> leaves_by;  ///< the links of the way back; empty: there is none
    bool is_same = false;                ///< the link is one of them
};

/// One namespace that passes packets on: that which is looked at, or the node's.
struct wired_side {
    std::uint64_t netns = 0;  ///< the inode
    bool is_here = false;     ///< it is the namespace that is looked at
    bool is_node = false;
    std::vector<wired_bridge> bridges;
    std::vector<node_end> ends;  ///< of the links of the namespace that is looked at; only where that is another
    std::vector<way_back> ways;
    netlink::network_settings settings;
};

/// Packet filters of one of these namespaces.
struct wired_filters {
    std::uint64_t netns = 0;
    netlink::forward_filters filters;
};

}  // namespace nodescope::findings
