// The routes below /v1 that are about networks.
#pragma once

#include "collectors/network/network_collector.hpp"
#include "server/http/message.hpp"

#include <cstddef>
#include <vector>

namespace nodescope::api {

/// The collector outlives the routes. No answer is longer than `max_reply`.
std::vector<http::route> network_routes(network_collector& networks, std::size_t max_reply);

}  // namespace nodescope::api
