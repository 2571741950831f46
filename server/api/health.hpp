// GET /healthz and GET /readyz: for probes, without authentication and without node data. Neither asks a backend, so
// that a dead Docker daemon never restarts the one tool that could say so.
#pragma once

#include "core/deadline.hpp"
#include "server/http/message.hpp"

#include <chrono>
#include <functional>
#include <vector>

namespace nodescope::api {

/// Workers that hang for shorter may come back; after this long only a new process has workers again.
inline constexpr std::chrono::seconds hang_limit{60};

/// `hanging` tells how long no worker has been left that does not hang, on the reactor thread. /healthz answers 503
/// with the reason from hang_limit on.
std::vector<http::route> health_routes(std::function<steady_clock::duration()> hanging);

}  // namespace nodescope::api
