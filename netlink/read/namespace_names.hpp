// The names of network namespaces, from /run/netns below a root path.
#pragma once

#include "core/deadline.hpp"
#include "netlink/read/dump.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

namespace nodescope::netlink {

/// The id by which the namespace of `socket` knows the namespace behind `descriptor`; empty where it knows none, or the
/// kernel does not say. Blocking.
std::optional<std::int32_t> blocking_namespace_id(netlink_socket& socket, int descriptor, deadline limit);

/// From the ids by which the namespace of `socket` knows other namespaces to their names in <root>/run/netns; where
/// several names mean the same namespace, the first in the order of the directory. Asks only until all of `wanted`
/// are found. What cannot be opened or asked about has no name, as in iproute2. Blocking.
std::map<std::int32_t, std::string> blocking_namespace_names(netlink_socket& socket, const std::string& root,
                                                             std::span<const std::int32_t> wanted, deadline limit);

}  // namespace nodescope::netlink
