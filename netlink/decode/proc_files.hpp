// Files of /proc/PID/net, decoded from their text. No I/O.
#pragma once

#include "netlink/model/route.hpp"

#include <string_view>
#include <vector>

namespace nodescope::netlink {

/// Whether "nat" is one of the lines of an ip_tables_names file.
bool lists_nat(std::string_view table_names);

/// The lines of ipv6_route. Those that are not in that file's form are left out.
std::vector<ipv6_route_line> decode_ipv6_routes(std::string_view text);

}  // namespace nodescope::netlink
