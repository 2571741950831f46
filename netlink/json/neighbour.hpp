// Neighbour tables and forwarding tables as `ip -j -d -s neigh` and `bridge -j -d fdb` write them.
#pragma once

#include "netlink/json/context.hpp"
#include "netlink/model/neighbour.hpp"

namespace nodescope::netlink {

void write_neighbour(json_writer& json, const neighbour& shown, const json_context& context);
void write_forwarding_entry(json_writer& json, const neighbour& shown, const json_context& context);

/// Whether `ip neigh show` shows it: not what needs no resolution (multicast, point-to-point), nor what is not asked
/// yet.
bool is_shown_by_ip_neigh(const neighbour& entry);

}  // namespace nodescope::netlink
