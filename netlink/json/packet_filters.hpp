// The part `netfilter` of the network of a container or the node.
#pragma once

#include "core/json/writer.hpp"
#include "netlink/model/packet_filters.hpp"

namespace nodescope::netlink {

void write_filters(json_writer& out, const packet_filters& what);

}  // namespace nodescope::netlink
