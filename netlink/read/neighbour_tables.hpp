// Reads how full the node's neighbour tables are. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/neighbour_table.hpp"
#include "netlink/read/dump.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nodescope::netlink {

/// Those of IPv4 and IPv6, through a NETLINK_ROUTE socket in whichever namespace: all share them. Failures are those of
/// dump(); failure::cancelled when `abandoned` is raised before it begins.
result<std::vector<neighbour_table>> blocking_read_neighbour_tables(netlink_socket& socket, deadline limit,
                                                                    const abandon_flag& abandoned);

/// How many neighbour entries of `family` in the namespace of the socket count for no limit of the table: permanent
/// ones, and those with NTF_EXT_LEARNED, which a program has put there (neigh_update_gc_list in net/core/neighbour.c).
result<std::size_t> blocking_count_exempt_neighbours(netlink_socket& socket, std::uint8_t family, deadline limit);

}  // namespace nodescope::netlink
