// GET /metrics: containers and machine as cAdvisor shows them, and the service itself, in Prometheus' text format.
#pragma once

#include "collectors/cadvisor/containers.hpp"
#include "collectors/cadvisor/engine_facts.hpp"
#include "collectors/cadvisor/machine.hpp"
#include "collectors/wiring/wiring.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"
#include "server/api/cadvisor/samples.hpp"
#include "server/api/large_answers.hpp"
#include "server/api/metrics/container_metrics.hpp"
#include "server/api/metrics/service_metrics.hpp"
#include "server/http/message.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace nodescope::api {

/// All referenced objects outlive the routes.
struct metrics_backends {
    cadvisor::containers& containers;
    cadvisor::machine_collector& machine;
    cadvisor::engine_facts& engine;
    worker_pool& workers;
    std::function<device_naming()> devices;  ///< what it gives is used on a worker thread
    std::function<service_state()> service;
    large_answers& answers;
    /// How the networks of the node are wired now, and what is counted in them. Empty: nobody wants to know.
    std::function<task<result<std::shared_ptr<const wiring>>>(deadline)> wired = {};
};

enum class container_choice {
    all,      ///< every cgroup
    runtime,  ///< those of a container runtime, and "/"
    none,     ///< no container series
};

struct metrics_options {
    metrics_options() = default;
    container_choice containers = container_choice::all;
    container_metric_options series;
};

/// The text is put together on a worker thread: with a hundred containers it has megabytes.
std::vector<http::route> metrics_routes(metrics_backends backends, metrics_options options);

}  // namespace nodescope::api
