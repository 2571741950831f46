// The request types of cAdvisor's API that ask about containers: stats, machinestats, spec, summary, events,
// appmetrics.
#pragma once

#include "collectors/cadvisor/containers.hpp"
#include "server/api/cadvisor_routes.hpp"
#include "server/api/cadvisor_samples.hpp"

#include <vector>

namespace nodescope::api {

/// `containers` outlives the routes.
std::vector<cadvisor_request_type> container_request_types(cadvisor::containers& containers, device_naming devices);

}  // namespace nodescope::api
