#include "collectors/network/kernel_parts.hpp"

#include "collectors/network/counters/counters.hpp"
#include "collectors/network/nameserver_routes.hpp"
#include "collectors/network/resolver.hpp"
#include "collectors/network/socket_holders.hpp"
#include "collectors/questions/container_network.hpp"
#include "netlink/json/conntrack.hpp"
#include "netlink/json/packet_filters.hpp"
#include "netlink/json/settings.hpp"
#include "netlink/json/sockets.hpp"
#include "netlink/read/conntrack.hpp"
#include "netlink/read/inet_sockets.hpp"
#include "netlink/read/network_settings.hpp"
#include "netlink/read/packet_filters.hpp"

#include <utility>

namespace nodescope {

namespace {

/// What one reader gave, as one value with what it says beside it.
template <class Struct, class Write>
result<part_text> shown(const result<Struct>& read, const Write& write)
{
    if (!read) return read.error();
    part_text part = whole_part(*read, write);
    part.note = read->note;
    return part;
}

/// Mostly those of the container itself: looking at all of the node costs some microseconds for each.
std::vector<pid_t> probable_holders(const part_source& source)
{
    if (!source.known.owner) return {};
    std::vector<pid_t> numbers;
    for (const host::cgroup_process& one : blocking_processes_of_container(
             source.root, source.where.process, source.known.owner->id, source.limit, source.abandoned)) {
        numbers.push_back(one.pid);
    }
    return numbers;
}

}  // namespace

result<part_text> blocking_sockets(part_source& source)
{
    netlink::sockets_options options;
    options.root = source.root;
    auto read = netlink::blocking_read_sockets(source.home, source.where.space, source.where.process.directory(),
                                               options, source.limit, source.abandoned);
    if (!read) return read.error();
    if (!read->listeners.empty() || !read->udp.empty()) {
        holder_search search(source.where.space.identity());
        search.root = source.root;
        search.among = probable_holders(source);
        blocking_find_holders(search, *read, source.limit, source.abandoned);
    }
    return shown(read, netlink::write_sockets);
}

result<part_text> blocking_sockets_all(part_source& source)
{
    netlink::all_sockets_options options;
    options.root = source.root;
    const auto read =
        netlink::blocking_read_all_sockets(source.home, source.where.space, options, source.limit, source.abandoned);
    if (!read) return read.error();
    part_text part =
        list_part(read->items, netlink::completeness(), "sockets", source.limit_bytes, netlink::write_socket);
    if (!read->note.empty()) append_clause(part.note, read->note);
    return part;
}

result<part_text> blocking_conntrack(part_source& source)
{
    return shown(netlink::blocking_read_conntrack(source.home, source.where.space, source.where.process.directory(),
                                                  source.limit, source.abandoned),
                 netlink::write_conntrack);
}

result<part_text> blocking_counters(part_source& source)
{
    return shown(blocking_read_counters(source.where.process.directory(), source.limit, source.abandoned),
                 write_counters);
}

result<part_text> blocking_netfilter(part_source& source)
{
    return shown(netlink::blocking_read_filters(source.home, source.where.space, source.where.process.directory(), {},
                                                source.limit, source.abandoned),
                 netlink::write_filters);
}

result<part_text> blocking_sysctl(part_source& source)
{
    return shown(netlink::blocking_read_settings(source.home, source.where.space, {}, source.limit, source.abandoned),
                 netlink::write_settings);
}

result<part_text> blocking_resolver(part_source& source)
{
    auto read = blocking_read_resolver(source.where.process.directory(), source.limit, source.abandoned);
    if (read && read->configuration) {
        read->nameserver_routes = blocking_ask_for_routes(source, read->configuration->nameservers);
    }
    return shown(read, write_resolver);
}

}  // namespace nodescope
