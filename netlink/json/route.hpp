// Routes, rules and nexthop objects as `ip -j -d route show table all`, `ip -j -d rule` and `ip -j -d nexthop` write
// them.
#pragma once

#include "netlink/json/context.hpp"
#include "netlink/model/route_details.hpp"

#include <span>

namespace nodescope::netlink {

/// `nexthops`, in the order of their ids, are told as "nh_info" where a route names one of them.
void write_route(json_writer& json, const detailed_route& shown, std::span<const detailed_nexthop> nexthops,
                 const json_context& context);
/// As `ip -j route get` (without -d) writes what the kernel has answered.
void write_resolved_route(json_writer& json, const detailed_route& shown, const json_context& context);
void write_nexthop(json_writer& json, const detailed_nexthop& shown, const json_context& context);
void write_rule(json_writer& json, const detailed_rule& shown, const json_context& context);

/// Whether `ip route show` shows it: not what a route was resolved to.
bool is_shown_by_ip_route(const detailed_route& route);

}  // namespace nodescope::netlink
