#include "netlink/read/detailed_reader.hpp"

#include "netlink/read/dump_all.hpp"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <algorithm>

namespace nodescope::netlink {

namespace {

constexpr ifinfomsg every_link{};
constexpr ifaddrmsg every_address{};
constexpr nhmsg every_nexthop{};
constexpr tcmsg every_queue{};

/// Of more links than this the whole list is cheaper.
constexpr std::size_t asked_one_by_one = 8;

void leave_out_statistics(nl_msg* message) { nla_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS); }

result<dumped<neighbour>> read_neighbours_of(netlink_socket& socket, std::string_view what, std::uint8_t family,
                                             deadline limit, const abandon_flag& abandoned)
{
    ndmsg header{};
    header.ndm_family = family;
    return dump_all<neighbour>(socket, {what, RTM_GETNEIGH, header}, detailed_limits, limit, abandoned);
}

}  // namespace

result<dumped<detailed_link>> blocking_read_detailed_links(netlink_socket& socket, deadline limit,
                                                           const abandon_flag& abandoned)
{
    return dump_all<detailed_link>(socket, {"links", RTM_GETLINK, every_link}, detailed_limits, limit, abandoned);
}

result<dumped<detailed_link>> blocking_read_wired_links(netlink_socket& socket, const dump_limits& limits,
                                                        deadline limit, const abandon_flag& abandoned)
{
    const dump_request request("links", RTM_GETLINK, every_link, leave_out_statistics);
    return dump_all<detailed_link>(socket, request, limits, limit, abandoned);
}

result<dumped<link>> blocking_read_links(netlink_socket& socket, deadline limit, const abandon_flag& abandoned)
{
    const dump_request request("interface names", RTM_GETLINK, every_link, leave_out_statistics);
    return dump_all<link>(socket, request, detailed_limits, limit, abandoned);
}

result<std::vector<link>> blocking_read_links_of(netlink_socket& socket, const std::set<std::uint32_t>& indexes,
                                                 deadline limit, const abandon_flag& abandoned)
{
    if (indexes.size() > asked_one_by_one) {
        auto all = blocking_read_links(socket, limit, abandoned);
        if (!all) return all.error();
        std::erase_if(all->items,
                      [&](const link& one) { return !indexes.contains(static_cast<std::uint32_t>(one.index)); });
        return std::move(all->items);
    }
    std::vector<link> found;
    for (const std::uint32_t index : indexes) {
        ifinfomsg header{};
        header.ifi_index = static_cast<int>(index);
        const dump_request request("a link", RTM_GETLINK, header, leave_out_statistics);
        const auto take = [&](const nlmsghdr& message) {
            std::size_t damaged = 0;
            if (!decode(bytes_of(message), found.emplace_back(), damaged)) found.pop_back();
        };
        const auto asked = request_one(socket, request, take, limit);
        if (!asked && asked.error().kind() != failure::gone) return asked.error();
    }
    return found;
}

result<dumped<link_address>> blocking_read_link_addresses(netlink_socket& socket, deadline limit,
                                                          const abandon_flag& abandoned)
{
    return blocking_read_link_addresses(socket, detailed_limits, limit, abandoned);
}

result<dumped<link_address>> blocking_read_link_addresses(netlink_socket& socket, const dump_limits& limits,
                                                          deadline limit, const abandon_flag& abandoned)
{
    return dump_all<link_address>(socket, {"addresses", RTM_GETADDR, every_address}, limits, limit, abandoned);
}

result<dumped<detailed_route>> blocking_read_detailed_routes(netlink_socket& socket, std::uint8_t family,
                                                             deadline limit, const abandon_flag& abandoned)
{
    const rtmsg header{family, 0, 0, 0, 0, 0, 0, 0, 0};
    const std::string_view what = family == AF_INET6 ? "IPv6 routes" : "routes";
    return dump_all<detailed_route>(socket, {what, RTM_GETROUTE, header}, detailed_limits, limit, abandoned);
}

result<dumped<detailed_rule>> blocking_read_rules(netlink_socket& socket, std::uint8_t family, deadline limit,
                                                  const abandon_flag& abandoned)
{
    fib_rule_hdr header{};
    header.family = family;
    const std::string_view what = family == AF_INET6 ? rules6_name : "IPv4 rules";
    return dump_all<detailed_rule>(socket, {what, RTM_GETRULE, header}, detailed_limits, limit, abandoned);
}

result<dumped<detailed_nexthop>> blocking_read_nexthops(netlink_socket& socket, deadline limit,
                                                        const abandon_flag& abandoned)
{
    auto all = dump_all<detailed_nexthop>(socket, {nexthops_name, RTM_GETNEXTHOP, every_nexthop}, detailed_limits,
                                          limit, abandoned);
    if (all) std::ranges::sort(all->items, {}, &detailed_nexthop::id);
    return all;
}

result<dumped<neighbour>> blocking_read_neighbours(netlink_socket& socket, deadline limit,
                                                   const abandon_flag& abandoned)
{
    return read_neighbours_of(socket, "neighbours", AF_UNSPEC, limit, abandoned);
}

result<dumped<neighbour>> blocking_read_forwarding(netlink_socket& socket, deadline limit,
                                                   const abandon_flag& abandoned)
{
    return read_neighbours_of(socket, "forwarding tables", AF_BRIDGE, limit, abandoned);
}

result<dumped<queue_discipline>> blocking_read_queue_disciplines(netlink_socket& socket, deadline limit,
                                                                 const abandon_flag& abandoned)
{
    return dump_all<queue_discipline>(socket, {queues_name, RTM_GETQDISC, every_queue}, detailed_limits, limit,
                                      abandoned);
}

}  // namespace nodescope::netlink
