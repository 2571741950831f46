// The request types of cAdvisor's API that ask about containers: stats, machinestats, spec, summary, events,
// appmetrics.
#pragma once

#include "collectors/cadvisor/containers.hpp"
#include "core/worker_pool.hpp"
#include "server/api/cadvisor/routes.hpp"
#include "server/api/cadvisor/samples.hpp"
#include "server/api/large_answers.hpp"

#include <functional>
#include <vector>

namespace nodescope::api {

/// `containers` and `workers` outlive the routes. `devices` gives the names as they are now, to be used on any thread.
std::vector<cadvisor_request_type> container_request_types(cadvisor::containers& containers, worker_pool& workers,
                                                           std::function<device_naming()> devices,
                                                           large_answers& answers);

}  // namespace nodescope::api
