// The figures of a network namespace, out of what is read of it anyway as counters and of its connections.
#pragma once

#include "collectors/network/counters/counters.hpp"
#include "collectors/wiring/namespace_figures.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/net_namespace.hpp"
#include "netlink/read/conntrack.hpp"

namespace nodescope {

/// Those among the counters. Where the kernel has both families, both together. Pure, like the following.
void take_counters(const network_counters& read, namespace_figures& to);
void take_conntrack(const netlink::conntrack_reading& read, namespace_figures& to);

/// Of `target`, in which the process of the open /proc/PID is. What could not be read is said in `missing`; a figure
/// that this kernel does not have is just not there. failure::gone when that process has ended; failure::timed_out and
/// failure::cancelled between two files. Blocking: for pool threads.
result<namespace_figures> blocking_read_namespace_figures(const netlink::net_namespace& home,
                                                          const netlink::net_namespace& target, int process_directory,
                                                          deadline limit, const abandon_flag& abandoned);

}  // namespace nodescope
