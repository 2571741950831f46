// Whether packets that come in through a link with a strict filter for their source (rp_filter) have their way back
// through the same link. The kernel is asked, by a look-up as for a packet of its own: rules, tables, nexthop objects
// and VRFs are then weighed by who will weigh them, and only where there is a strict filter at all. It is not asked
// "as if it had come in there" (`ip route get FROM iif LINK`), which would count a martian and may log it.
#pragma once

#include "collectors/findings/network_model.hpp"
#include "collectors/findings/wiring_model.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/link_details.hpp"
#include "netlink/read/dump.hpp"

#include <vector>

namespace nodescope {

/// Of the links of the namespace that is looked at: back to a neighbour, and, through which a default route leads,
/// back to everywhere. Blocking: for pool threads.
result<std::vector<findings::way_back>> blocking_ways_of_own_links(netlink::netlink_socket& socket,
                                                                   const findings::network_model& model,
                                                                   const netlink::network_settings& settings,
                                                                   deadline limit);

/// Back from the node to the addresses of the links whose ends are there; `node` has its ends and settings. Says at
/// the ends, too, whether they lead back. `links` are the node's.
result<std::vector<findings::way_back>> blocking_ways_to_ends(netlink::netlink_socket& socket,
                                                              const findings::network_model& model,
                                                              const std::vector<netlink::detailed_link>& links,
                                                              findings::wired_side& node, deadline limit,
                                                              const abandon_flag& abandoned);

}  // namespace nodescope
