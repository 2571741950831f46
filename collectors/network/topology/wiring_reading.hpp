// The wiring of a node, read in one pass: each network namespace is opened, read and let go. Nothing is changed or
// held.
#pragma once

#include "collectors/network/topology/running_containers.hpp"
#include "collectors/wiring/wiring.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/net_namespace.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace nodescope {

/// Of how many networks figures are read at once: nearly three times the pods that a kubelet runs unless it is told
/// otherwise (110). With 15 series each that is less than 5,000.
inline constexpr std::size_t measured_networks_limit = 320;

/// What one look costs at most.
struct wiring_limits {
    std::size_t namespaces = 1000;
    std::size_t links = 20000;
    std::size_t addresses = 40000;
    std::size_t bytes = 32U << 20U;      ///< read from the kernel, of all namespaces
    std::size_t questions = 20000;       ///< which namespace an id means
    std::size_t processes = 64U << 10U;  ///< looked at where a link leads to a namespace that is nobody's
    std::size_t figures = 0;             ///< namespaces of which figures are read; 0: nobody wants them
};

/// Containers have only their ids: names are what runtimes say.
struct wiring_reading {
    wiring_reading() = default;
    wiring what;
    std::vector<running_container> containers;  ///< for the next reading
};

/// The node's namespace, those of containers, and those in <root>/run/netns; and of processes those that links of these
/// lead to. What cannot be read or does not fit is missing, and noted. Fails only where no namespace can be read. The
/// limit is kept: what is not read by then is missing. Blocking: for pool threads, in the service's own namespace.
result<wiring_reading> blocking_read_wiring(const netlink::net_namespace& home, const std::string& root,
                                            const std::vector<running_container>& before, const wiring_limits& limits,
                                            deadline limit, const abandon_flag& abandoned);

}  // namespace nodescope
