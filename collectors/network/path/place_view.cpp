#include "collectors/network/path/place_view.hpp"

#include "core/text.hpp"
#include "netlink/read/detailed_reader.hpp"
#include "netlink/read/sysctl_files.hpp"

#include <linux/if.h>
#include <linux/netlink.h>

#include <algorithm>
#include <array>

namespace nodescope::paths {

result<std::unique_ptr<place_view>> place_view::blocking_open(const netlink::net_namespace& home, place which,
                                                              const reading_limits& limits)
{
    auto socket = netlink::netlink_socket::open_in(home, which.space, NETLINK_ROUTE);
    if (!socket) return socket.error();
    auto links = netlink::blocking_read_detailed_links(*socket, limits.limit, limits.abandoned);
    if (!links) return links.error();
    auto made =
        std::unique_ptr<place_view>(new place_view(std::move(*socket), std::move(which), std::move(links->items)));
    if (links->truncated) made->note_ = "there are more links than are read";
    return made;
}

const netlink::detailed_link* place_view::find(std::uint32_t index) const
{
    const auto found = std::ranges::find(links_, static_cast<int>(index), &netlink::detailed_link::index);
    return found != links_.end() ? &*found : nullptr;
}

template <class T, class Read>
const std::vector<T>& place_view::once(std::optional<std::vector<T>>& kept, const Read& read)
{
    if (kept) return *kept;
    auto got = read();
    if (got) {
        kept = std::move(got->items);
        if (got->truncated) append_clause(note_, "a list is longer than what is read of it");
    } else {
        kept.emplace();
        append_clause(note_, got.error().message());
    }
    return *kept;
}

const std::vector<netlink::neighbour>& place_view::blocking_neighbours(const reading_limits& limits)
{
    return once(neighbours_,
                [&] { return netlink::blocking_read_neighbours(socket_, limits.limit, limits.abandoned); });
}

const std::vector<netlink::neighbour>& place_view::blocking_forwarding(const reading_limits& limits)
{
    return once(forwarding_,
                [&] { return netlink::blocking_read_forwarding(socket_, limits.limit, limits.abandoned); });
}

const std::vector<netlink::link_address>& place_view::blocking_addresses(const reading_limits& limits)
{
    return once(addresses_,
                [&] { return netlink::blocking_read_link_addresses(socket_, limits.limit, limits.abandoned); });
}

bool place_view::blocking_is_off(const std::string& setting) const
{
    const std::array<std::string_view, 1> paths{setting};
    const auto read = netlink::blocking_read_sysctls(socket_.home(), where_.space, paths);
    return read && (*read)[0] == "0";
}

std::string_view kind_of(const netlink::detailed_link& link)
{
    return link.kind ? std::string_view(link.kind->name) : std::string_view();
}

bool is_up(const netlink::detailed_link& link) { return (link.flags & IFF_UP) != 0; }

bool has_carrier(const netlink::detailed_link& link) { return (link.flags & IFF_RUNNING) != 0; }

}  // namespace nodescope::paths
