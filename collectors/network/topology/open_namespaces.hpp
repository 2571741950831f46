// Network namespaces, opened for one read. Blocking: for pool threads.
#pragma once

#include "core/error.hpp"
#include "netlink/net_namespace.hpp"

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace nodescope {

/// That of the node, or, where that may not be looked at, `home`, in which this service runs.
netlink::net_namespace blocking_node_namespace(const std::string& root, const netlink::net_namespace& home);

/// That of a process, which is still the one that began then; 0: whoever has that number. failure::gone where it is
/// not, failure::denied.
result<netlink::net_namespace> blocking_network_of(const std::string& root, pid_t pid, std::uint64_t start_ticks);

}  // namespace nodescope
