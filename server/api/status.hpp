// GET /status: how the service itself does, for a person and for scripts that read no metrics. The runtimes and
// Kubernetes are shown as the last call left them: nothing is called for an answer.
#pragma once

#include "server/api/metrics/service_metrics.hpp"
#include "server/http/message.hpp"

#include <functional>
#include <string>
#include <vector>

namespace nodescope::api {

/// A JSON object.
std::string status_text(const service_state& state);

/// `state` is asked on the reactor thread.
std::vector<http::route> status_routes(std::function<service_state()> state);

}  // namespace nodescope::api
