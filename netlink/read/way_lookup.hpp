// Asks the kernel which way a packet of IPv4 would take. Nothing is sent, and no entry of a neighbour or a cache is
// made. Not for IPv6: there a look-up may send a packet, for a host that does not forward probes routers that it does
// not know to be there (rt6_probe in net/ipv6/route.c). Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "netlink/model/route_details.hpp"
#include "netlink/read/dump.hpp"

#include <cstdint>
#include <optional>

namespace nodescope::netlink {

struct way_question {
    network_address to;
    std::optional<network_address> from;  ///< an address of that namespace
    std::uint32_t through = 0;            ///< a link it must leave by (a VRF); 0: any
};

/// The route that is found by all rules, with all of its hops (RTM_F_FIB_MATCH, Linux 4.13). None where there is no
/// way. Failures: failure::timed_out and those of the socket. Through a NETLINK_ROUTE socket.
result<std::optional<detailed_route>> blocking_find_way(netlink_socket& socket, const way_question& question,
                                                        deadline limit);

}  // namespace nodescope::netlink
