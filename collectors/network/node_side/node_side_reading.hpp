// Reads how the links of a namespace are wired, and what the packet filters do that their packets pass.
#pragma once

#include "collectors/findings/network_model.hpp"
#include "collectors/network/part_source.hpp"
#include "netlink/read/dump.hpp"

namespace nodescope {

/// Fills in `sides` and, where `needed` (bits of model_input) asks for them, `filters`: of the namespace of `source`,
/// whose other lists `made` has and whose socket `socket` is, and of the node's where the other end of one of its links
/// is there. What cannot be read is missing. Blocking: for pool threads.
void blocking_read_sides(part_source& source, netlink::netlink_socket& socket, unsigned needed,
                         findings::network_model& made);

}  // namespace nodescope
