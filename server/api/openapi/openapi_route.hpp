// The route that describes the others to programs.
#pragma once

#include "server/http/message.hpp"

#include <vector>

namespace nodescope::api {

/// GET /v1/openapi.json, compressed for whoever takes that.
std::vector<http::route> openapi_routes();

}  // namespace nodescope::api
