// Asks the kernel which way a packet takes: what `ip route get` asks. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/neighbour.hpp"
#include "netlink/model/route_details.hpp"
#include "netlink/net_namespace.hpp"
#include "netlink/read/dump.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace nodescope::netlink {

/// A packet. What is not set is left to the kernel.
struct route_question {
    std::uint8_t family = 0;  ///< AF_INET, AF_INET6
    network_address destination;
    std::optional<network_address> source;
    std::uint32_t input_interface = 0;   ///< it arrives there; 0: it is sent by a process here
    std::uint32_t output_interface = 0;  ///< it has to leave there
    std::uint32_t mark = 0;
    std::uint8_t protocol = 0;  ///< IPPROTO_*
    std::uint16_t port = 0;     ///< at its destination
};

struct route_answer {
    std::optional<detailed_route> route;
    /// The kernel's errno where there is no way: ENETUNREACH, EHOSTUNREACH (an unreachable route, or it does not
    /// forward), EACCES (prohibit), EINVAL (blackhole, or an address that cannot be), EXDEV (reverse path filter).
    int refused = 0;
};

/// Through a NETLINK_ROUTE socket of the namespace. That there is no route is an answer; failures are those of
/// request_one(), and failure::malformed for an answer that is no route.
result<route_answer> blocking_ask_route(netlink_socket& socket, const route_question& asked, deadline limit);

/// The routes of IPv6 because of which asking would send a packet; empty where it would not. A host that does not
/// forward probes routers that are not known to be there whenever one is looked at, be it for a question (RFC 4191,
/// section 3.5; rt6_probe() in net/ipv6/route.c, once a minute).
///
/// `socket` is one of `target`. Failures are those of dump().
result<std::vector<detailed_route>> blocking_find_probing_routes(netlink_socket& socket, const net_namespace& target,
                                                                 const route_question& asked, deadline limit,
                                                                 const abandon_flag& abandoned);

/// The same of what was read, in a namespace that does not forward. `objects` are in the order of their ids. Pure.
std::vector<detailed_route> probing_routes(std::span<const detailed_route> routes, std::span<const neighbour> known,
                                           std::span<const nexthop_object> objects, const network_address& destination);

}  // namespace nodescope::netlink
