// GET /healthz and GET /readyz: for probes, without authentication and without node data. Neither asks a backend, so
// that a dead Docker daemon never restarts the one tool that could say so.
#pragma once

#include "server/http/message.hpp"

#include <vector>

namespace nodescope::api {

std::vector<http::route> health_routes();

}  // namespace nodescope::api
