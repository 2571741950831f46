// The route that tells which way a packet takes.
#pragma once

#include "collectors/network/path/path_collector.hpp"
#include "server/http/message.hpp"

#include <cstddef>
#include <vector>

namespace nodescope::api {

/// The collector outlives the route. No answer is longer than `max_reply`.
std::vector<http::route> path_routes(path_collector& paths, std::size_t max_reply);

}  // namespace nodescope::api
