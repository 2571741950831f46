// The other ends of a bridge's ports, in the namespaces that can be found: the one that is looked at, those of
// containers that were found before, and those with a name.
#pragma once

#include "collectors/network/node_side/bridge_reading.hpp"
#include "collectors/network/part_source.hpp"
#include "netlink/read/dump.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace nodescope {

/// Fills in as many as can be found until the deadline; the others stay unknown. `socket` is in the bridges' namespace.
/// Blocking: for pool threads.
void blocking_find_ends(part_source& source, netlink::netlink_socket& socket,
                        std::map<std::int32_t, std::vector<awaited_end>> awaited);
/// The same for the ends in the namespace that is looked at.
void blocking_find_own_ends(part_source& source, netlink::netlink_socket& socket,
                            std::map<std::int32_t, std::vector<awaited_end>> awaited);

}  // namespace nodescope
