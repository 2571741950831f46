// Which processes hold the sockets of a network namespace that were found there. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/inet_socket.hpp"
#include "netlink/net_namespace.hpp"

#include <cstddef>
#include <string>

namespace nodescope {

/// Descriptors that are looked at for one answer, of all processes together; half a microsecond each.
inline constexpr std::size_t holder_descriptors = 131'072;

/// Fills `of.holders` for the listeners and the UDP sockets: the lowest process number of those that hold one. Only
/// processes that are in the namespace themselves are looked at: who has made a socket elsewhere and moved away is not
/// found. What could not be read is said in `of.note`, and what was found until `limit` stays.
void blocking_find_holders(const std::string& root, netlink::namespace_identity where, netlink::socket_overview& of,
                           deadline limit, const abandon_flag& abandoned, std::size_t descriptors = holder_descriptors);

}  // namespace nodescope
