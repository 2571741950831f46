// Which processes hold the sockets of a network namespace that were found there. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/inet_socket.hpp"
#include "netlink/net_namespace.hpp"

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace nodescope {

/// Where holders are looked for.
struct holder_search {
    explicit holder_search(netlink::namespace_identity w) : where(w) {}
    netlink::namespace_identity where;
    std::string root = "/";
    /// Who is looked at first: all of the node cost some microseconds each, and are only looked at for what these do
    /// not hold.
    std::vector<pid_t> among;
    /// Descriptors that are looked at for one answer, of all processes together; some microseconds each.
    std::size_t descriptors = 131'072;
};

/// Fills `of.holders` for the listeners and the UDP sockets: the lowest process number of those that hold one. Only
/// processes that are in the namespace themselves are looked at: who has made a socket elsewhere and moved away is not
/// found. What could not be read is said in `of.note`, and what was found until `limit` stays.
void blocking_find_holders(const holder_search& search, netlink::socket_overview& of, deadline limit,
                           const abandon_flag& abandoned);

}  // namespace nodescope
