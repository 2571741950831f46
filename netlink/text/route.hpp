// The texts of net-tools 2.10's `route` and `route -6`, byte for byte, built from what the kernel says. No I/O.
#pragma once

#include "netlink/model/link.hpp"
#include "netlink/model/route.hpp"
#include "netlink/text/name_tables.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace nodescope::netlink {

/// Whether `route` shows it: the main table without what fib_route_seq_show of net/ipv4/fib_trie.c leaves out. Kernels
/// without strict checking (before 4.20) send other tables and cached exceptions, too.
bool is_shown_by_route(const route& told) noexcept;

/// What `route` prints: the IPv4 routes of the main table among `routes`, which are in the kernel's order, with their
/// first hop. An index without a name is shown as `if7`. `lines` grows by the number of routes shown.
std::string route_text(std::span<const route> routes, const interface_names& interfaces, const name_tables& names,
                       std::size_t& lines);

/// What `route -6` prints. `lines` grows by the number of routes shown.
std::string route6_text(std::span<const ipv6_route_line> routes, const name_tables& names, std::size_t& lines);

/// What `route -6` prints where the kernel has no IPv6.
inline constexpr std::string_view no_ipv6_text = "INET6 (IPv6) not configured in this system.\n";

}  // namespace nodescope::netlink
