// Reads what the packet filters of a network namespace do with packets that are passed on, over the kernel's own
// interfaces: no program is run. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/forward_filters.hpp"
#include "netlink/net_namespace.hpp"
#include "netlink/read/packet_filters.hpp"

#include <cstddef>

namespace nodescope::netlink {

struct forward_limits {
    filters_limits tables;
    std::size_t kept_bytes = 8UL << 20U;  ///< of rules, of all tables together: those that accept or jump
    std::size_t bytes = 32UL << 20U;      ///< read of a table of nf_tables
};

/// As blocking_read_filters(), with its failures. Rules are read only of tables with a chain at the hook of packets
/// that are passed on whose policy is to drop; the names of chains of all.
result<forward_filters> blocking_read_forward_filters(const net_namespace& home, const net_namespace& target,
                                                      int process_directory, const forward_limits& limits,
                                                      deadline limit, const abandon_flag& abandoned);

}  // namespace nodescope::netlink
