#include "collectors/network/part_source.hpp"

#include "netlink/read/detailed_reader.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>

namespace nodescope {

template <class T, class Read>
result<const T*> part_source::once(std::optional<result<T>>& kept, const Read& read)
{
    if (!kept) {
        const auto socket = blocking_socket();
        if (socket) kept = read(**socket);
        else kept = socket.error();
    }
    if (!*kept) return kept->error();
    return &**kept;
}

result<netlink::netlink_socket*> part_source::blocking_socket()
{
    if (!socket_) socket_ = netlink::netlink_socket::open_in(home, where.space, NETLINK_ROUTE);
    if (!*socket_) return socket_->error();
    return &**socket_;
}

result<netlink::json_context> part_source::blocking_context()
{
    const auto index = once(index_, [&](netlink::netlink_socket& socket) -> result<netlink::link_index> {
        const auto brief = netlink::blocking_read_links(socket, limit, abandoned);
        if (!brief) return brief.error();
        return netlink::link_index(brief->items);
    });
    if (!index) return index.error();
    return netlink::json_context(**index, names_);
}

result<const netlink::dumped<netlink::detailed_route>*> part_source::blocking_routes()
{
    return once(routes_, [&](netlink::netlink_socket& socket) {
        return netlink::blocking_read_detailed_routes(socket, AF_UNSPEC, limit, abandoned);
    });
}

result<const netlink::dumped<netlink::detailed_route>*> part_source::blocking_routes6()
{
    if (routes_ && *routes_ && !(*routes_)->truncated) return &**routes_;
    return once(routes6_, [&](netlink::netlink_socket& socket) {
        return netlink::blocking_read_detailed_routes(socket, AF_INET6, limit, abandoned);
    });
}

result<const netlink::dumped<netlink::detailed_nexthop>*> part_source::blocking_nexthops()
{
    return once(nexthops_, [&](netlink::netlink_socket& socket) {
        return netlink::blocking_read_nexthops(socket, limit, abandoned);
    });
}

}  // namespace nodescope
