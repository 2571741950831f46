// Reads which packet filters a network namespace has. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/packet_filters.hpp"
#include "netlink/net_namespace.hpp"

#include <cstddef>

namespace nodescope::netlink {

struct filters_limits {
    std::size_t tables = 256;                ///< of nf_tables that are listed
    std::size_t base_chains = 512;           ///< of all tables together
    std::size_t chains = 200'000;            ///< that are counted
    std::size_t rules = 500'000;             ///< of nf_tables that are counted
    std::size_t bytes = 128UL << 20U;        ///< read from nf_tables for each kind
    std::size_t legacy_bytes = 16UL << 20U;  ///< of a legacy table; they are held while they are counted
};

/// Those of nf_tables by three dumps, of which only tables and base chains are kept; those of the legacy variant by the
/// lists of their names under `process_directory`, the open /proc/PID of a process there. Only a table in these lists
/// is asked about, so that none is made. What cannot be read is left out, and `note` says why. failure::gone when the
/// process has ended; failure::timed_out; failure::cancelled when `abandoned` is raised between two questions.
result<packet_filters> blocking_read_filters(const net_namespace& home, const net_namespace& target,
                                             int process_directory, const filters_limits& limits, deadline limit,
                                             const abandon_flag& abandoned);

}  // namespace nodescope::netlink
