// The node's network, as far as this service may look at it.
#pragma once

#include "collectors/host/proc/process_handle.hpp"
#include "netlink/net_namespace.hpp"

#include <optional>
#include <string>
#include <utility>

namespace nodescope {

struct node_place {
    explicit node_place(netlink::net_namespace s) : space(std::move(s)) {}
    netlink::net_namespace space;
    std::optional<host::process_handle> process;  ///< one that is in it; none where none is known
};

/// That of the node's first process, or, where that may not be looked at, `home`: the one this service runs in.
/// Blocking: for pool threads.
node_place blocking_node_place(const std::string& root, const netlink::net_namespace& home);

}  // namespace nodescope
