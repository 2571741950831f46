// The texts of net-tools 2.10's `route` and `route -6`, byte for byte, built from what the kernel tells. No I/O.
#pragma once

#include "netlink/decode/route.hpp"
#include "netlink/text/name_tables.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace nodescope::netlink {

/// What `route` prints for `routes`, which are in the kernel's order. An index without a name is shown as `if7`.
/// `lines` grows by the number of routes shown.
std::string route_text(std::span<const ipv4_route> routes, const interface_names& interfaces, const name_tables& names,
                       std::size_t& lines);

/// What `route -6` prints for `proc_text`, the bytes of /proc/net/ipv6_route. Lines that are not in that file's form
/// are left out. `lines` grows by the number of routes shown.
std::string route6_text(std::string_view proc_text, const name_tables& names, std::size_t& lines);

}  // namespace nodescope::netlink
