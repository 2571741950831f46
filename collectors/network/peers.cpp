#include "collectors/network/peers.hpp"

#include "collectors/network/topology/open_namespaces.hpp"
#include "netlink/read/detailed_reader.hpp"
#include "netlink/read/namespace_names.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace nodescope {

namespace {

using netlink::net_namespace;

/// The peers whose other ends are in one namespace, by the id that the shown namespace has for it.
using peers_by_namespace = std::map<std::int32_t, std::vector<link_peer*>>;

/// What is known of the other ends once somebody in their namespace is asked.
void fill_from(const std::vector<netlink::link>& links, const std::vector<netlink::link>& masters,
               const std::vector<link_peer*>& peers)
{
    std::map<std::uint32_t, const netlink::link*> by_index;
    for (const netlink::link& one : masters) by_index[static_cast<std::uint32_t>(one.index)] = &one;
    for (const netlink::link& one : links) by_index[static_cast<std::uint32_t>(one.index)] = &one;
    for (link_peer* const peer : peers) {
        const auto end = by_index.find(peer->peer_index);
        if (end == by_index.end()) continue;
        peer->peer_name = end->second->name;
        peer->peer_flags = end->second->flags;
        peer->peer_mtu = end->second->mtu;
        const auto master = end->second->master ? by_index.find(*end->second->master) : by_index.end();
        if (master != by_index.end()) peer->master = master->second->name;
    }
}

/// Failures are none of the asker's: the other ends then have no names.
void blocking_ask_there(part_source& source, const net_namespace& there, const std::vector<link_peer*>& peers)
{
    auto socket = netlink::netlink_socket::open_in(source.home, there, NETLINK_ROUTE);
    if (!socket) return;
    std::set<std::uint32_t> wanted;
    for (const link_peer* const peer : peers) wanted.insert(peer->peer_index);
    const auto links = netlink::blocking_read_links_of(*socket, wanted, source.limit, source.abandoned);
    if (!links) return;
    std::set<std::uint32_t> above;
    for (const netlink::link& one : *links) {
        if (one.master && !wanted.contains(*one.master)) above.insert(*one.master);
    }
    const auto masters = netlink::blocking_read_links_of(*socket, above, source.limit, source.abandoned);
    fill_from(*links, masters ? *masters : std::vector<netlink::link>(), peers);
}

/// Takes the peers that are in the namespace `there`, if this one knows it.
std::vector<link_peer*> take_peers_in(part_source& source, netlink::netlink_socket& socket, const net_namespace& there,
                                      peers_by_namespace& missing)
{
    const auto id = netlink::blocking_namespace_id(socket, there.descriptor(), source.limit);
    const auto found = id ? missing.find(*id) : missing.end();
    if (found == missing.end()) return {};
    std::vector<link_peer*> taken = std::move(found->second);
    missing.erase(found);
    return taken;
}

void blocking_look_at_node(part_source& source, netlink::netlink_socket& socket, peers_by_namespace& missing)
{
    const net_namespace node = blocking_node_namespace(source.root, source.home);
    const auto taken = take_peers_in(source, socket, node, missing);
    if (taken.empty()) return;
    for (link_peer* const peer : taken) peer->place = peer_place::node;
    blocking_ask_there(source, node, taken);
}

void blocking_look_at_container(part_source& source, netlink::netlink_socket& socket, const known_container& known,
                                peers_by_namespace& missing)
{
    const auto there = blocking_network_of(source.root, known.pid, known.start_ticks);
    if (!there) return;
    const auto taken = take_peers_in(source, socket, *there, missing);
    if (taken.empty()) return;
    for (link_peer* const peer : taken) {
        peer->place = peer_place::container;
        peer->container = shown_container{known.id, known.name, known.runtime};
    }
    blocking_ask_there(source, *there, taken);
}

/// The other end is in this namespace.
void fill_here(const part_source& source, const std::vector<netlink::link>& links, std::vector<link_peer*> peers)
{
    for (link_peer* const peer : peers) {
        peer->is_here = true;
        if (source.known.is_node) peer->place = peer_place::node;
        else if (source.known.owner) peer->place = peer_place::container;
        if (!source.known.is_node) peer->container = source.known.owner;
    }
    fill_from(links, {}, peers);
}

std::string_view name_of(peer_place place)
{
    return place == peer_place::node ? "node" : place == peer_place::container ? "container" : "other";
}

}  // namespace

result<std::vector<link_peer>> blocking_read_peers(part_source& source)
{
    const auto socket = source.blocking_socket();
    if (!socket) return socket.error();
    const auto links = netlink::blocking_read_links(**socket, source.limit, source.abandoned);
    if (!links) return links.error();

    std::vector<link_peer> peers;
    peers.reserve(links->items.size());
    std::vector<link_peer*> here;
    peers_by_namespace missing;
    for (const netlink::link& one : links->items) {
        if (one.lower.value_or(0) == 0) continue;
        link_peer& peer = peers.emplace_back();
        peer.index = static_cast<std::uint32_t>(one.index);
        peer.name = one.name.value_or(std::string());
        peer.peer_index = *one.lower;
        if (!one.lower_namespace) here.push_back(&peer);
        else if (*one.lower_namespace >= 0) missing[*one.lower_namespace].push_back(&peer);
    }
    fill_here(source, links->items, std::move(here));
    if (!missing.empty()) blocking_look_at_node(source, **socket, missing);
    for (const known_container& known : source.known.containers) {
        if (missing.empty() || source.limit.passed() || source.abandoned.raised()) break;
        blocking_look_at_container(source, **socket, known, missing);
    }
    return peers;
}

void write_peer(json_writer& json, const link_peer& shown)
{
    json.object([&] {
        json.member("ifname", shown.name);
        json.member("ifindex", shown.index);
        json.member("netns", name_of(shown.place));
        json.key("container");
        if (shown.container) {
            json.object([&] {
                json.member("id", shown.container->id);
                json.member("name", shown.container->name);
                json.member("runtime", shown.container->runtime);
            });
        } else {
            json.null();
        }
        json.member("peer_ifname", shown.peer_name);
        json.member("peer_ifindex", shown.peer_index);
        json.member("master", shown.master);
    });
}

result<part_text> blocking_peers(part_source& source)
{
    const auto peers = blocking_read_peers(source);
    if (!peers) return peers.error();
    return list_part(*peers, netlink::completeness(), "links", source.limit_bytes, write_peer);
}

}  // namespace nodescope
