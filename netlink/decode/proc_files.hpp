// Files of /proc/PID/net, decoded from their text. No I/O.
#pragma once

#include "netlink/model/route.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace nodescope::netlink {

/// Whether "nat" is one of the lines of an ip_tables_names file.
bool lists_nat(std::string_view table_names);

/// Whether /proc/modules says that there can be no NAT table of the legacy iptables: what its tables hang on is loaded
/// as a module (`tables`: "ip_tables"), and so what makes that one (`nat`: "iptable_nat") would have to be one too, and
/// is not loaded. False where either may be part of the kernel itself.
bool rules_out_legacy_nat(std::string_view modules, std::string_view tables, std::string_view nat);

/// How many Unix sockets there are by a protocols file (net/core/sock.c, proto_seq_printf): those of streams have a line of
/// their own since Linux 5.15. None without such a line.
std::optional<std::uint64_t> count_unix_sockets(std::string_view protocols);

/// The lines of ipv6_route. Those that are not in that file's form are left out.
std::vector<ipv6_route_line> decode_ipv6_routes(std::string_view text);

}  // namespace nodescope::netlink
