#include "collectors/network/parts.hpp"

#include "collectors/network/kernel_parts.hpp"
#include "collectors/network/peers.hpp"
#include "collectors/network/route_parts.hpp"
#include "core/text.hpp"
#include "netlink/json/link.hpp"
#include "netlink/json/neighbour.hpp"
#include "netlink/json/queue_discipline.hpp"
#include "netlink/read/detailed_reader.hpp"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace nodescope {

namespace {

using netlink::json_context;

result<part_text> blocking_addr(part_source& source)
{
    const auto socket = source.blocking_socket();
    if (!socket) return socket.error();
    const auto links = netlink::blocking_read_detailed_links(**socket, source.limit, source.abandoned);
    if (!links) return links.error();
    source.know(netlink::link_index(links->items));
    const auto addresses = netlink::blocking_read_link_addresses(**socket, source.limit, source.abandoned);
    if (!addresses) return addresses.error();
    const auto context = source.blocking_context();
    if (!context) return context.error();

    // The kernel lists addresses by family first; a link's own keep that order.
    std::unordered_map<int, std::vector<const netlink::link_address*>> by_link;
    for (const netlink::link_address& one : addresses->items) by_link[one.link_index].push_back(&one);
    part_text part = list_part(*links, "links", source.limit_bytes, [&](json_writer& json, const auto& one) {
        netlink::write_link(json, one, by_link[one.index], *context);
    });
    const std::string note = note_of(*addresses, addresses->items.size(), "addresses");
    if (!note.empty()) append_clause(part.note, note);
    return part;
}

result<part_text> blocking_neigh(part_source& source)
{
    const auto context = source.blocking_context();
    if (!context) return context.error();
    const auto read = netlink::blocking_read_neighbours(**source.blocking_socket(), source.limit, source.abandoned);
    if (!read) return read.error();
    return list_part(*read, "neighbours", source.limit_bytes, [&](json_writer& json, const netlink::neighbour& one) {
        if (netlink::is_shown_by_ip_neigh(one)) netlink::write_neighbour(json, one, *context);
    });
}

result<part_text> blocking_fdb(part_source& source)
{
    const auto context = source.blocking_context();
    if (!context) return context.error();
    const auto read = netlink::blocking_read_forwarding(**source.blocking_socket(), source.limit, source.abandoned);
    if (!read) return read.error();
    return list_part(*read, "entries", source.limit_bytes, [&](json_writer& json, const netlink::neighbour& one) {
        netlink::write_forwarding_entry(json, one, *context);
    });
}

result<part_text> blocking_qdisc(part_source& source)
{
    const auto context = source.blocking_context();
    if (!context) return context.error();
    const auto read =
        netlink::blocking_read_queue_disciplines(**source.blocking_socket(), source.limit, source.abandoned);
    if (!read && netlink::is_missing_in_kernel(read.error(), netlink::queues_name)) {
        return absent_part("this kernel has no queueing disciplines");
    }
    if (!read) return read.error();
    return list_part(*read, "disciplines", source.limit_bytes,
                     [&](json_writer& json, const auto& one) { netlink::write_queue_discipline(json, one, *context); });
}

constexpr network_part all_parts[] = {
    {"addr", blocking_addr},
    {"route", blocking_route},
    {"route6", blocking_route6},
    {"rule", blocking_rule},
    {"rule6", blocking_rule6},
    {"neigh", blocking_neigh},
    {"nexthop", blocking_nexthop},
    {.name = "fdb", .blocking_read = blocking_fdb, .on_request = true},
    {.name = "peers", .blocking_read = blocking_peers, .uses_containers = true},
    {"sockets", blocking_sockets},
    {.name = "sockets_all", .blocking_read = blocking_sockets_all, .on_request = true},
    {"conntrack", blocking_conntrack},
    {"counters", blocking_counters},
    {"qdisc", blocking_qdisc},
    {"netfilter", blocking_netfilter},
    {.name = "netfilter_text", .on_request = true, .by_programs = true},
    {"sysctl", blocking_sysctl},
    {.name = "resolver", .blocking_read = blocking_resolver, .can_hang = true},
};

}  // namespace

std::span<const network_part> network_parts() { return all_parts; }

const network_part* find_network_part(std::string_view name)
{
    const auto* const found = std::ranges::find(all_parts, name, &network_part::name);
    return found != std::end(all_parts) ? found : nullptr;
}

std::string network_part_names()
{
    std::string names;
    for (const network_part& one : all_parts) append_clause(names, one.name, ", ");
    return names;
}

}  // namespace nodescope
