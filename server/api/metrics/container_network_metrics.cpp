// Which link of the node is whose: the series that joins figures of the node's interfaces with containers.
#include "collectors/host/cgroup/container_cgroup.hpp"
#include "core/text.hpp"
#include "server/api/metrics/container_scrape.hpp"

#include <map>
#include <string>
#include <string_view>
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

}  // namespace

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
