// The part `conntrack` of the network of a container or the node.
#pragma once

#include "core/json/writer.hpp"
#include "netlink/model/conntrack.hpp"

namespace nodescope::netlink {

/// null where the kernel tracks nothing.
void write_conntrack(json_writer& out, const conntrack_reading& what);

}  // namespace nodescope::netlink
