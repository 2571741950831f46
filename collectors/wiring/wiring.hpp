// How the network namespaces of a node are wired to each other, as it was read at one moment. Plain data, for answers,
// rules and metrics alike.
#pragma once

#include "collectors/wiring/namespace_figures.hpp"
#include "netlink/model/address.hpp"
#include "netlink/model/link.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace nodescope {

/// Why a namespace is shown: the first of these that it is.
enum class namespace_kind {
    node,       ///< the node's own
    container,  ///< of one or more containers
    named,      ///< in /run/netns
    other,      ///< a process is in it, and a link of the others leads there
};

/// A container in a namespace; empty what no runtime has said.
struct wired_container {
    wired_container() = default;
    friend bool operator==(const wired_container&, const wired_container&) = default;
    std::string id;
    std::string name;
    std::string runtime;
    std::string pod_namespace;
    std::string pod_name;
    std::string container;  ///< its name in the pod
};

struct wired_namespace {
    std::uint64_t netns = 0;  ///< the inode
    namespace_kind kind = namespace_kind::other;
    std::vector<wired_container> containers;  ///< by id; the node's are those that use its network
    std::string name;                         ///< in /run/netns; empty: it has none there
    std::string missing;                      ///< why its links are not all there; empty: they are
};

struct wired_address {
    std::uint8_t family = 0;
    std::uint8_t prefix_length = 0;
    netlink::network_address local;
};

struct wired_link {
    std::size_t space = 0;  ///< of wiring::namespaces
    std::uint32_t index = 0;
    std::string name;
    std::string kind;         ///< "veth"; empty for what has none, as a card or the loopback
    std::uint16_t type = 0;   ///< ARPHRD_*
    std::uint32_t flags = 0;  ///< IFF_*
    std::optional<std::uint8_t> operational_state;
    std::optional<std::uint32_t> mtu;
    std::optional<std::size_t> master;  ///< its place in wiring::links; none also where that was not read
    netlink::hardware_address hardware;
    std::vector<wired_address> addresses;
};

enum class edge_kind {
    veth,         ///< two ends of a pair; from the one that is earlier in wiring::links
    bridge_port,  ///< from the port to its bridge
    lower,        ///< from a link to the one that carries it
    tunnel,       ///< two tunnel ends that name each other; likewise
};

/// Both ends are places in wiring::links.
struct wired_edge {
    friend bool operator==(const wired_edge&, const wired_edge&) = default;
    edge_kind kind = edge_kind::lower;
    std::size_t from = 0;
    std::size_t to = 0;
};

/// What was counted in namespaces with a container, and in the node's. Empty where nobody asked for it.
struct wired_figures {
    std::map<std::uint64_t, namespace_figures> by_netns;
    std::size_t unread = 0;    ///< namespaces of which some or all could not be read, or not in time
    std::size_t left_out = 0;  ///< namespaces that were not looked at: there are too many
};

struct wiring {
    /// The node's first where it could be read, then those of containers, then named ones, then others.
    std::vector<wired_namespace> namespaces;
    std::vector<wired_link> links;  ///< by namespace, and in each as the kernel gives them
    std::vector<wired_edge> edges;  ///< by `from`
    /// What is missing, by the list it is missing in ("namespaces", "links", "edges", "containers").
    std::map<std::string, std::string> notes;
    wired_figures figures;
};

}  // namespace nodescope
