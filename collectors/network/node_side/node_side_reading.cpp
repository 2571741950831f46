#include "collectors/network/node_side/node_side_reading.hpp"

#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/facts/setting_facts.hpp"
#include "collectors/network/node_side/bridge_reading.hpp"
#include "collectors/network/node_side/node_place.hpp"
#include "collectors/network/node_side/node_reading.hpp"
#include "collectors/network/node_side/port_ends.hpp"
#include "collectors/network/node_side/ways_back.hpp"
#include "core/text.hpp"
#include "netlink/read/detailed_reader.hpp"
#include "netlink/read/forward_filters.hpp"
#include "netlink/read/namespace_names.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace nodescope {

namespace {

using findings::network_model;
using findings::wired_side;

class node_side_reader {
public:
    node_side_reader(part_source& source, unsigned needed, network_model& made)
        : source_(source), needed_(needed), made_(made)
    {
    }

    result<void> read_here(netlink::netlink_socket& socket)
    {
        wired_side& here = made_.sides.items.emplace_back();
        here.netns = made_.netns;
        here.is_here = true;
        here.is_node = made_.is_node;
        here.bridges = bridges_among(made_.links.items, made_.addresses.items, {});
        blocking_find_ends(source_, socket, ends_elsewhere(made_.links.items, here.bridges));
        auto settings = blocking_read_wired_settings(source_, source_.where.space);
        if (!settings) return settings.error();
        here.settings = std::move(*settings);
        auto ways = blocking_ways_of_own_links(socket, made_, here.settings, source_.limit);
        if (!ways) return ways.error();
        here.ways = std::move(*ways);
        return {};
    }

    /// Nothing where no link leads there.
    result<void> read_node(netlink::netlink_socket& socket)
    {
        if (made_.is_node) return {};
        const node_place place = blocking_node_place(source_.root, source_.home);
        if (place.space.identity() == source_.where.space.identity()) return {};
        const auto id = netlink::blocking_namespace_id(socket, place.space.descriptor(), source_.limit);
        std::vector<const netlink::detailed_link*> leading;
        for (const netlink::detailed_link& one : made_.links.items) {
            if (id && *id >= 0 && one.lower_namespace == *id && one.lower.value_or(0) != 0) leading.push_back(&one);
        }
        if (leading.empty()) return {};
        made_.sides.items.emplace_back();
        const node_reading* const shared = source_.known.node.get();
        const bool is_shared = shared != nullptr && shared->netns == place.space.identity().inode;
        if (const auto done = read_node_side(place, leading, is_shared ? shared : nullptr); !done) return done.error();
        if (is_shared && shared->filters) take_filters(place.space, *shared->filters);
        else read_filters(place.space, place.process ? place.process->directory() : -1);
        return {};
    }

    void read_own_filters() { read_filters(source_.where.space, source_.where.process.directory()); }

private:
    /// `shared`: what was read of it for several namespaces; null: it is read.
    result<void> read_node_side(const node_place& place, const std::vector<const netlink::detailed_link*>& leading,
                                const node_reading* shared)
    {
        auto socket = netlink::netlink_socket::open_in(source_.home, place.space, NETLINK_ROUTE);
        if (!socket) return socket.error();
        std::optional<node_reading> own;
        if (shared == nullptr) {
            auto read = blocking_read_node(source_, *socket, place.space);
            if (!read) return read.error();
            own = std::move(*read);
        }
        const node_reading& read = shared != nullptr ? *shared : *own;
        wired_side& node = made_.sides.items.back();
        node.netns = place.space.identity().inode;
        node.is_node = true;
        node.settings = read.settings;
        add_ends(node, read.links, leading);
        const std::set<std::uint32_t> wanted = bridges_of_ends(node, read.links);
        if (!wanted.empty()) add_bridges(node, *socket, read, wanted, shared != nullptr);
        auto ways = blocking_ways_to_ends(*socket, made_, read.links, node, source_.limit, source_.abandoned);
        if (!ways) return ways.error();
        node.ways = std::move(*ways);
        return look_for_programs(*socket, node, read.links);
    }

    static void add_ends(wired_side& node, const std::vector<netlink::detailed_link>& links,
                         const std::vector<const netlink::detailed_link*>& leading)
    {
        std::map<std::uint32_t, const netlink::detailed_link*> by_index;
        for (const netlink::detailed_link& one : links) by_index[static_cast<std::uint32_t>(one.index)] = &one;
        for (const netlink::detailed_link* const link : leading) {
            const auto found = by_index.find(*link->lower);
            if (found == by_index.end()) continue;
            findings::node_end& end = node.ends.emplace_back();
            end.link_index = link->index;
            end.link_name = findings::name_of(*link);
            end.index = found->second->index;
            end.name = findings::name_of(*found->second);
            end.flags = found->second->flags;
            end.is_pair = findings::kind_of(*link) == "veth";
            end.has_programs = found->second->xdp && found->second->xdp->mode != 0;
            const auto master = by_index.find(found->second->master.value_or(0));
            if (master != by_index.end()) end.master = findings::name_of(*master->second);
        }
    }

    static std::set<std::uint32_t> bridges_of_ends(const wired_side& node,
                                                   const std::vector<netlink::detailed_link>& links)
    {
        std::set<std::uint32_t> wanted;
        for (const netlink::detailed_link& one : links) {
            const auto is_it = [&one](const findings::node_end& end) { return end.is_pair && end.index == one.index; };
            if (one.master && std::ranges::any_of(node.ends, is_it)) wanted.insert(*one.master);
        }
        return wanted;
    }

    void add_bridges(wired_side& node, netlink::netlink_socket& socket, const node_reading& read,
                     const std::set<std::uint32_t>& wanted, bool is_shared)
    {
        if (is_shared) {
            const auto is_wanted = [&](const auto& one) {
                return wanted.contains(static_cast<std::uint32_t>(one.index));
            };
            std::ranges::copy_if(read.bridges, std::back_inserter(node.bridges), is_wanted);
            // The others were looked for when the node was read, and this one too where somebody knew it.
            blocking_find_own_ends(source_, socket, ends_elsewhere(read.links, node.bridges));
        } else {
            node.bridges = bridges_among(read.links, read.addresses, wanted);
            blocking_find_ends(source_, socket, ends_elsewhere(read.links, node.bridges));
        }
        for (findings::node_end& end : node.ends) {
            for (std::size_t place = 0; place < node.bridges.size(); ++place) {
                const auto is_it = [&end](const findings::bridge_port& port) { return port.index == end.index; };
                if (std::ranges::any_of(node.bridges[place].ports, is_it)) end.bridge = place;
            }
        }
    }

    /// Only where an end has nothing else that explains it.
    result<void> look_for_programs(netlink::netlink_socket& socket, wired_side& node,
                                   const std::vector<netlink::detailed_link>& links)
    {
        const auto is_unexplained = [](const findings::node_end& end) {
            return end.is_pair && end.master.empty() && !end.leads_back;
        };
        for (findings::node_end& end : node.ends) end.proxies = findings::proxies_arp(node.settings, end.index);
        if (std::ranges::none_of(node.ends, is_unexplained)) return {};
        // Cilium's programs may hang on a link where no list of netlink shows them (tcx, Linux 6.6).
        const bool cilium = std::ranges::any_of(links, [](const auto& one) { return one.name == "cilium_host"; });
        const auto queues = netlink::blocking_read_queue_disciplines(socket, source_.limit, source_.abandoned);
        if (!queues && !netlink::is_missing_in_kernel(queues.error(), netlink::queues_name)) return queues.error();
        for (findings::node_end& end : node.ends) {
            const auto takes_packets = [&end](const netlink::queue_discipline& one) {
                return one.interface_index == static_cast<std::uint32_t>(end.index) &&
                       (one.kind == "clsact" || one.kind == "ingress");
            };
            if (cilium || (queues && std::ranges::any_of(queues->items, takes_packets))) end.has_programs = true;
        }
        return {};
    }

    void read_filters(const netlink::net_namespace& space, int process_directory)
    {
        if ((needed_ & findings::filters_input) == 0) return;
        take_filters(space, netlink::blocking_read_forward_filters(source_.home, space, process_directory, {},
                                                                   source_.limit, source_.abandoned));
    }

    void take_filters(const netlink::net_namespace& space, result<netlink::forward_filters> read)
    {
        if (!read) {
            append_clause(made_.filters.missing, read.error().message());
            return;
        }
        if (!read->missing.empty()) append_clause(made_.filters.missing, read->missing);
        made_.filters.items.push_back({space.identity().inode, std::move(*read)});
    }

    part_source& source_;
    const unsigned needed_;
    network_model& made_;
};

}  // namespace

void blocking_read_sides(part_source& source, netlink::netlink_socket& socket, unsigned needed, network_model& made)
{
    for (const std::string* const missing : {&made.links.missing, &made.addresses.missing}) {
        if (missing->empty()) continue;
        made.sides.missing = *missing;
        made.filters.missing = *missing;
        return;
    }
    node_side_reader reader(source, needed, made);
    reader.read_own_filters();
    auto done = reader.read_here(socket);
    if (done) done = reader.read_node(socket);
    if (!done) made.sides.missing = done.error().message();
}

}  // namespace nodescope
