// Reads what `ip -d -s` shows of a network namespace, a list at a time. Blocking: for pool threads. Apart from
// network_reader, which asks the kernel for less of each thing.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/link_details.hpp"
#include "netlink/model/neighbour.hpp"
#include "netlink/model/queue_discipline.hpp"
#include "netlink/model/reading.hpp"
#include "netlink/model/route_details.hpp"
#include "netlink/read/dump.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

namespace nodescope::netlink {

/// What bounds one list, which takes up to twice as much memory as the kernel's messages.
inline constexpr std::size_t detailed_list_bytes = 8U << 20U;
inline constexpr dump_limits detailed_limits{20000, detailed_list_bytes};

// What the lists are called in messages, and for is_missing_in_kernel().
inline constexpr std::string_view rules6_name = "IPv6 rules";
inline constexpr std::string_view nexthops_name = "nexthop objects";
inline constexpr std::string_view queues_name = "queueing disciplines";

// All through a NETLINK_ROUTE socket. Failures are those of dump(); failure::cancelled when `abandoned` is raised
// before it begins.

/// With statistics and all about the kinds, without what a network card says of its virtual functions.
result<dumped<detailed_link>> blocking_read_detailed_links(netlink_socket& socket, deadline limit,
                                                           const abandon_flag& abandoned);
/// Without statistics, for many namespaces in a row: what one may cost is left of what all may.
result<dumped<detailed_link>> blocking_read_wired_links(netlink_socket& socket, const dump_limits& limits,
                                                        deadline limit, const abandon_flag& abandoned);
/// Without statistics: for their names.
result<dumped<link>> blocking_read_links(netlink_socket& socket, deadline limit, const abandon_flag& abandoned);
/// Those of these indexes that are there, without statistics.
result<std::vector<link>> blocking_read_links_of(netlink_socket& socket, const std::set<std::uint32_t>& indexes,
                                                 deadline limit, const abandon_flag& abandoned);
result<dumped<link_address>> blocking_read_link_addresses(netlink_socket& socket, deadline limit,
                                                          const abandon_flag& abandoned);
result<dumped<link_address>> blocking_read_link_addresses(netlink_socket& socket, const dump_limits& limits,
                                                          deadline limit, const abandon_flag& abandoned);
/// All tables of one family; AF_UNSPEC: of all families.
result<dumped<detailed_route>> blocking_read_detailed_routes(netlink_socket& socket, std::uint8_t family,
                                                             deadline limit, const abandon_flag& abandoned);
result<dumped<detailed_rule>> blocking_read_rules(netlink_socket& socket, std::uint8_t family, deadline limit,
                                                  const abandon_flag& abandoned);
/// In the order of their ids.
result<dumped<detailed_nexthop>> blocking_read_nexthops(netlink_socket& socket, deadline limit,
                                                        const abandon_flag& abandoned);
/// Neighbour tables of IPv4 and IPv6.
result<dumped<neighbour>> blocking_read_neighbours(netlink_socket& socket, deadline limit,
                                                   const abandon_flag& abandoned);
/// Forwarding tables of bridges and tunnels, and the multicast addresses that links listen to.
result<dumped<neighbour>> blocking_read_forwarding(netlink_socket& socket, deadline limit,
                                                   const abandon_flag& abandoned);
result<dumped<queue_discipline>> blocking_read_queue_disciplines(netlink_socket& socket, deadline limit,
                                                                 const abandon_flag& abandoned);

}  // namespace nodescope::netlink
