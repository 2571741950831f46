// Reads the figures of a network namespace. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/namespace_figures.hpp"
#include "netlink/net_namespace.hpp"

namespace nodescope::netlink {

/// Of `target`, in which the process of the open /proc/PID is. What could not be read is said in `missing`; a figure
/// that this kernel does not have is just not there. failure::gone when that process has ended; failure::timed_out and
/// failure::cancelled between two files.
result<namespace_figures> blocking_read_namespace_figures(const net_namespace& home, const net_namespace& target,
                                                          int process_directory, deadline limit,
                                                          const abandon_flag& abandoned);

}  // namespace nodescope::netlink
