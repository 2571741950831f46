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

/// Whether /proc/modules says that the kernel lacks `wanted` ("iptable_nat") and would have to load it: what that hangs
/// on is loaded as a module (`base`: "ip_tables"), and so `wanted` would have to be one too, and is not loaded. False
/// where either may be part of the kernel itself.
bool lacks_module(std::string_view modules, std::string_view base, std::string_view wanted);

/// Whether `wanted` is neither loaded nor, by modules.builtin (a path a line, "kernel/net/ipv4/tcp_diag.ko"), part of
/// the kernel. Names are those of /proc/modules; in paths `-` may stand for `_`.
bool is_module_to_load(std::string_view modules, std::string_view builtin, std::string_view wanted);

/// How many Unix sockets there are by a protocols file (net/core/sock.c, proto_seq_printf): those of streams have a
/// line of their own since Linux 5.15. None without such a line.
std::optional<std::uint64_t> count_unix_sockets(std::string_view protocols);

/// How many sockets of TCP of one family the kernel has in its tables for a namespace, by its sockstat or sockstat6
/// file (net/ipv4/proc.c, net/ipv6/proc.c): those that are in use, and, in sockstat, those of both families in
/// TIME_WAIT. None where the file has no such figures. Connections that are not made yet (SYN_RECV) are not counted.
std::optional<std::uint64_t> count_tcp_sockets(std::string_view sockstat);

/// The whole numbers of a file of /proc/sys/net, which blanks divide; nothing when it has anything else.
std::vector<std::int64_t> parse_sysctl_numbers(std::string_view text);

/// The lines of ipv6_route. Those that are not in that file's form are left out.
std::vector<ipv6_route_line> decode_ipv6_routes(std::string_view text);

}  // namespace nodescope::netlink
