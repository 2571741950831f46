// The route that tells how the networks of the node are wired.
#pragma once

#include "collectors/network/topology/topology_collector.hpp"
#include "core/worker_pool.hpp"
#include "server/http/message.hpp"

#include <cstddef>
#include <vector>

namespace nodescope::api {

/// The collector and the workers outlive the routes. No answer is longer than `max_reply`. Those who ask at the same
/// time get one answer, which is read and written once.
std::vector<http::route> topology_routes(topology_collector& topology, worker_pool& workers, std::size_t max_reply);

}  // namespace nodescope::api
