// The tables of the legacy iptables of a network namespace. Blocking: for pool threads.
#pragma once

#include "core/error.hpp"
#include "netlink/model/packet_filters.hpp"
#include "netlink/net_namespace.hpp"

#include <cstddef>
#include <vector>

namespace nodescope::netlink {

/// Those whose names are in the kernel's lists, in their order. Of a table with more than `table_bytes` of entries, or
/// that cannot be asked about, the rules are not known. failure::denied when the lists cannot be read, failure::gone
/// when the process has ended.
result<std::vector<legacy_table_summary>> blocking_read_legacy_tables(const net_namespace& home,
                                                                      const net_namespace& target,
                                                                      int process_directory, std::size_t table_bytes);

}  // namespace nodescope::netlink
