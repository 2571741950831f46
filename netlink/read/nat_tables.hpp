// Looks for the NAT tables of a network namespace. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "netlink/model/nat_tables.hpp"
#include "netlink/net_namespace.hpp"

namespace nodescope::netlink {

/// Asks nf_tables in `target` for its tables, counts the rules of those called "nat", and reads net/ip_tables_names and
/// net/ip6_tables_names under `process_directory`, the open /proc/PID of a process there. Messages begin with "nat:
/// look for tables: ".
nat_findings blocking_find_nat_tables(const net_namespace& home, const net_namespace& target, int process_directory,
                                      deadline limit);

}  // namespace nodescope::netlink
