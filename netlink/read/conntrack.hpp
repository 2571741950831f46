// Reads the state of connection tracking of a network namespace. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/conntrack.hpp"
#include "netlink/net_namespace.hpp"

namespace nodescope::netlink {

/// The sysctls of net/netfilter and the counters of ctnetlink; where the kernel would load a module for those (it has
/// nf_conntrack as one, and not nf_conntrack_netlink), those of net/stat/nf_conntrack under the open /proc/PID of a
/// process there. What of the counters cannot be read is left out, and `note` says why (CAP_NET_ADMIN is needed).
/// Failures of blocking_read_sysctls(); failure::timed_out; failure::cancelled when `abandoned` is raised before.
result<conntrack_reading> blocking_read_conntrack(const net_namespace& home, const net_namespace& target,
                                                  int process_directory, deadline limit, const abandon_flag& abandoned);

}  // namespace nodescope::netlink
