// Which link of the node is whose: the series that joins figures of the node's interfaces with containers. And what the
// kernel counts in each network namespace, however many containers share it.
#include "collectors/host/cgroup/container_cgroup.hpp"
#include "core/text.hpp"
#include "server/api/metrics/container_scrape.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::api {

namespace {

struct node_interface {
    const wired_link* own = nullptr;
    const wired_link* on_node = nullptr;
};
using interfaces_by_namespace = std::map<std::size_t, std::vector<node_interface>>;

/// From edges between a container's namespace and the node's, whichever way they go.
interfaces_by_namespace interfaces_on_node(const wiring& wired)
{
    interfaces_by_namespace all;
    for (const wired_edge& one : wired.edges) {
        const wired_link* own = &wired.links[one.from];
        const wired_link* on_node = &wired.links[one.to];
        if (one.kind == edge_kind::tunnel) continue;
        if (wired.namespaces[own->space].kind == namespace_kind::node) std::swap(own, on_node);
        if (wired.namespaces[on_node->space].kind != namespace_kind::node) continue;
        if (wired.namespaces[own->space].kind == namespace_kind::container) all[own->space].push_back({own, on_node});
    }
    return all;
}

std::map<std::string_view, std::size_t> namespaces_by_container(const wiring& wired)
{
    std::map<std::string_view, std::size_t> all;
    for (std::size_t space = 0; space < wired.namespaces.size(); ++space) {
        for (const wired_container& one : wired.namespaces[space].containers) all.emplace(one.id, space);
    }
    return all;
}

/// The namespace whose figures a container has: none if it uses the node's network, which is that of "/".
const wired_namespace* told_namespace(const scraped_container& one, const wiring& wired,
                                      const std::map<std::string_view, std::size_t>& containers)
{
    if (!one.newest->network) return nullptr;
    if (one.container->name == "/") {
        const auto node = std::ranges::find(wired.namespaces, namespace_kind::node, &wired_namespace::kind);
        return node == wired.namespaces.end() ? nullptr : &*node;
    }
    if (!one.container->is_container) return nullptr;
    const auto found = containers.find(host::container_id_of_path(one.container->name));
    if (found == containers.end()) return nullptr;
    const wired_namespace& space = wired.namespaces[found->second];
    return space.kind == namespace_kind::container ? &space : nullptr;
}

struct network_figure {
    metric_kind kind;
    std::optional<std::uint64_t> namespace_figures::*value;
};

constexpr std::array<network_figure, 15> network_figures{{
    {{"container_network_conntrack_entries", "Connections that are tracked in the network namespace.", gauge},
     &namespace_figures::conntrack_entries},
    {{"container_network_conntrack_entries_limit",
      "How many connections may be tracked in a network namespace of this node.", gauge},
     &namespace_figures::conntrack_limit},
    {{"container_network_conntrack_insert_failed_total", "Connections that could not be entered into the table.",
      counter},
     &namespace_figures::conntrack_insert_failed},
    {{"container_network_conntrack_dropped_total",
      "Packets that were dropped because their connection could not be tracked.", counter},
     &namespace_figures::conntrack_dropped},
    {{"container_network_conntrack_early_dropped_total",
      "Tracked connections that were dropped to make room for new ones.", counter},
     &namespace_figures::conntrack_early_dropped},
    {{"container_network_tcp_sent_segments_total", "TCP segments sent, those that were sent again excepted.", counter},
     &namespace_figures::tcp_sent_segments},
    {{"container_network_tcp_retransmitted_segments_total", "TCP segments that were sent again.", counter},
     &namespace_figures::tcp_retransmitted_segments},
    {{"container_network_tcp_listen_overflows_total",
      "Connections that were refused because the queue of a listener was full.", counter},
     &namespace_figures::tcp_listen_overflows},
    {{"container_network_tcp_listen_drops_total",
      "Connections that a listener has dropped, for a full queue or another reason.", counter},
     &namespace_figures::tcp_listen_drops},
    {{"container_network_tcp_established_connections", "TCP connections in ESTABLISHED or CLOSE_WAIT.", gauge},
     &namespace_figures::tcp_established},
    {{"container_network_tcp_time_wait_connections", "TCP connections in TIME_WAIT.", gauge},
     &namespace_figures::tcp_time_wait},
    {{"container_network_tcp_sockets", "TCP sockets in use, listeners too and those in TIME_WAIT excepted.", gauge},
     &namespace_figures::tcp_sockets},
    {{"container_network_udp_sockets", "UDP sockets in use.", gauge}, &namespace_figures::udp_sockets},
    {{"container_network_udp_receive_buffer_errors_total",
      "UDP datagrams that were dropped because a socket's receive buffer was full.", counter},
     &namespace_figures::udp_receive_buffer_errors},
    {{"container_network_udp_send_buffer_errors_total",
      "UDP datagrams that could not be sent because there was no room in a buffer.", counter},
     &namespace_figures::udp_send_buffer_errors},
}};

}  // namespace

void add_network_figures(metric_families& to, const scrape& measured, const wiring& wired)
{
    const auto containers = namespaces_by_container(wired);
    std::vector<std::pair<const scraped_container*, const namespace_figures*>> told;
    std::set<std::uint64_t> known;
    for (const scraped_container& one : measured) {
        const wired_namespace* const space = told_namespace(one, wired, containers);
        if (space == nullptr || !known.insert(space->netns).second) continue;
        const auto found = wired.figures.by_netns.find(space->netns);
        if (found != wired.figures.by_netns.end()) told.emplace_back(&one, &found->second);
    }
    for (const network_figure& each : network_figures) {
        prometheus::MetricFamily& family = to.add(each.kind);
        for (const auto& [one, figures] : told) {
            // Read now, and not when the container was measured.
            if (figures->*each.value) append_at(family, *one, as_double(*(figures->*each.value)), 0);
        }
    }
}

void add_node_interface_metrics(metric_families& to, const scrape& measured, const wiring& wired,
                                const series_choice& chosen)
{
    prometheus::MetricFamily& family = to.add(
        {"container_network_node_interface_info",
         "The link of the node at which an interface of the container ends, and the bridge that it is in.", gauge});
    const interfaces_by_namespace interfaces = interfaces_on_node(wired);
    const auto containers = namespaces_by_container(wired);
    for (const scraped_container& one : measured) {
        if (!one.container->is_container || !one.newest->network) continue;
        const auto space = containers.find(host::container_id_of_path(one.container->name));
        const auto found = space == containers.end() ? interfaces.end() : interfaces.find(space->second);
        if (found == interfaces.end()) continue;
        for (const auto& [own, on_node] : found->second) {
            if (!chosen.shows_interface(own->name)) continue;
            const std::string bridge = on_node->master ? valid_utf8(wired.links[*on_node->master].name) : std::string();
            append(family, one, 1,
                   {{"interface", valid_utf8(own->name)},
                    {"node_bridge", bridge},
                    {"node_interface", valid_utf8(on_node->name)}});
        }
    }
}

}  // namespace nodescope::api
