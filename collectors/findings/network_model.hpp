// What the rules look at: one network namespace, as it was read for one question.
#pragma once

#include "collectors/findings/load_model.hpp"
#include "collectors/findings/resolver_model.hpp"
#include "collectors/findings/runtime_model.hpp"
#include "collectors/findings/wiring_model.hpp"
#include "netlink/model/address.hpp"
#include "netlink/model/link_details.hpp"
#include "netlink/model/neighbour.hpp"
#include "netlink/model/route_details.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::findings {

/// The lists, as bits: a rule says which it needs.
enum model_input : unsigned {
    links_input = 1,
    addresses_input = 2,
    routes_input = 4,
    rules_input = 8,
    neighbours_input = 16,
    ends_input = 32,
    sockets_input = 64,
    conntrack_input = 128,
    counters_input = 256,
    resolver_input = 1024,
    filters_input = 2048,
    wiring_input = 4096,
    runtime_input = 8192,
    tasks_input = 16384,
    rates_input = 32768,  ///< counters of two moments
};

template <class T>
struct model_list {
    std::vector<T> items;
    /// Why they are not all there; empty: they are. A rule never sees a part of a list: what is missing in it would
    /// look like what is missing in the namespace.
    std::string missing;
};

/// Of a veth pair the other end, of other links the link below; seen where it is.
struct other_end {
    int link_index = 0;  ///< of the link in this namespace
    std::string name;
    std::uint32_t flags = 0;  ///< IFF_*
    std::optional<std::uint32_t> mtu;
    bool on_node = false;  ///< in the node's namespace
    bool here = false;     ///< in this one
};

struct network_model {
    std::uint64_t netns = 0;  ///< the inode
    bool is_node = false;     ///< the node's own
    model_list<netlink::detailed_link> links;
    model_list<netlink::link_address> addresses;
    /// Of both families and all tables, without what routes were resolved to; with the hops of their nexthop objects.
    model_list<netlink::detailed_route> routes;
    model_list<netlink::detailed_rule> rules;  ///< of both families, by priority each
    model_list<netlink::neighbour> neighbours;
    model_list<other_end> ends;         ///< of links whose other end somebody knows
    model_list<wired_side> sides;       ///< of this namespace, and of the node's where links lead there
    model_list<wired_filters> filters;  ///< of the same namespaces
    tcp_load tcp;
    conntrack_load conntrack;
    compared_counters counters;
    task_load tasks;
    resolver_words resolver;             ///< of the process that was asked about
    model_list<runtime_words> runtimes;  ///< of the container; none in the network of the node
    /// What must be known of an input that is there: its name, and a sentence.
    std::vector<std::pair<std::string, std::string>> notes;
};

}  // namespace nodescope::findings
