#include "collectors/network/node_side/node_reading.hpp"

#include "collectors/findings/facts/setting_facts.hpp"
#include "collectors/findings/network_model.hpp"
#include "collectors/network/node_side/bridge_reading.hpp"
#include "collectors/network/node_side/port_ends.hpp"
#include "netlink/read/detailed_reader.hpp"
#include "netlink/read/forward_filters.hpp"
#include "netlink/read/network_settings.hpp"

#include <cstddef>
#include <utility>

namespace nodescope {

namespace {

/// As many as links are read.
constexpr std::size_t links_with_settings = netlink::detailed_limits.messages;

}  // namespace

result<netlink::network_settings> blocking_read_wired_settings(const part_source& source,
                                                               const netlink::net_namespace& space)
{
    netlink::settings_limits limits;
    limits.links = links_with_settings;
    limits.files = findings::settings_of_rules;
    return netlink::blocking_read_settings(source.home, space, limits, source.limit, source.abandoned);
}

result<node_reading> blocking_read_node(part_source& source, netlink::netlink_socket& socket,
                                        const netlink::net_namespace& node)
{
    auto links = netlink::blocking_read_detailed_links(socket, source.limit, source.abandoned);
    if (!links) return links.error();
    auto addresses = netlink::blocking_read_link_addresses(socket, source.limit, source.abandoned);
    if (!addresses) return addresses.error();
    if (links->truncated || addresses->truncated) {
        return error(failure::too_large, "the node has more links or addresses than are read");
    }
    auto settings = blocking_read_wired_settings(source, node);
    if (!settings) return settings.error();
    node_reading made;
    made.netns = node.identity().inode;
    made.links = std::move(links->items);
    made.addresses = std::move(addresses->items);
    made.settings = std::move(*settings);
    return made;
}

result<std::shared_ptr<const node_reading>> blocking_read_node_for_many(part_source& source, unsigned needed)
{
    const auto socket = source.blocking_socket();
    if (!socket) return socket.error();
    const netlink::net_namespace& node = source.where.space;
    auto read = blocking_read_node(source, **socket, node);
    if (!read) return read.error();
    auto made = std::make_shared<node_reading>(std::move(*read));
    made->bridges = bridges_among(made->links, made->addresses, {});
    blocking_find_ends(source, **socket, ends_elsewhere(made->links, made->bridges));
    if ((needed & findings::filters_input) != 0) {
        made->filters = netlink::blocking_read_forward_filters(source.home, node, source.where.process.directory(), {},
                                                               source.limit, source.abandoned);
    }
    return std::shared_ptr<const node_reading>(std::move(made));
}

}  // namespace nodescope
