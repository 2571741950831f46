// The routes that tell what is wrong with a network.
#pragma once

#include "collectors/network/findings_collector.hpp"
#include "server/http/message.hpp"

#include <cstddef>
#include <vector>

namespace nodescope::api {

/// The collector outlives the routes. No answer is longer than `max_reply`.
std::vector<http::route> findings_routes(findings_collector& findings, std::size_t max_reply);

}  // namespace nodescope::api
