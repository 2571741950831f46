// The tables of the legacy iptables of a network namespace. Blocking: for pool threads.
#pragma once

#include "core/error.hpp"
#include "netlink/model/packet_filters.hpp"
#include "netlink/net_namespace.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nodescope::netlink {

/// Those whose names are in the kernel's lists, in their order. Of a table with more than `table_bytes` of entries, or
/// that cannot be asked about, the rules are not known. failure::denied when the lists cannot be read, failure::gone
/// when the process has ended.
result<std::vector<legacy_table_summary>> blocking_read_legacy_tables(const net_namespace& home,
                                                                      const net_namespace& target,
                                                                      int process_directory, std::size_t table_bytes);

/// A table whole, and where FORWARD stands in it.
struct legacy_table_entries {
    std::vector<std::byte> buffer;
    std::size_t begin = 0;      ///< of the entries in `buffer`
    std::int64_t forward = -1;  ///< offsets of its first entry and of its policy; -1: it has no such chain
    std::int64_t forward_end = -1;
    bool is_ipv6 = false;
};

/// The entries of a table of "ipv4" or "ipv6" that blocking_read_legacy_tables() has found. failure::failed when the
/// kernel refuses them, failure::too_large when they are more than `table_bytes`.
result<legacy_table_entries> blocking_read_legacy_entries(const net_namespace& home, const net_namespace& target,
                                                          const legacy_table_summary& table, std::size_t table_bytes);

}  // namespace nodescope::netlink
