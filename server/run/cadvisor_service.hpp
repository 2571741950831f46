// What stands behind cAdvisor's API, built from the configuration: one member of the application.
#pragma once

#include "collectors/runtime/runtimes.hpp"
#include "core/backend_statistics.hpp"
#include "core/log.hpp"
#include "core/task_group.hpp"
#include "core/worker_pool.hpp"
#include "server/api/metrics/service_metrics.hpp"
#include "server/config/config.hpp"
#include "server/http/message.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace nodescope {

/// Reactor thread only. Outlives the routes.
class cadvisor_service {
public:
    /// All that is referenced outlives it.
    cadvisor_service(worker_pool& pool, const runtimes& named_by, task_group& group, logger& log,
                     const configuration& config);
    cadvisor_service(const cadvisor_service&) = delete;
    cadvisor_service& operator=(const cadvisor_service&) = delete;
    ~cadvisor_service();

    /// `state` gives what /metrics says of the service itself; it is asked on the reactor thread.
    [[nodiscard]] std::vector<http::route> routes(std::function<api::service_state()> state);
    /// Whether a disk or a file server holds one of its threads in the kernel.
    [[nodiscard]] bool has_stuck_worker() const noexcept;
    /// How the walks over the files of containers ended.
    [[nodiscard]] const backend_statistics& disk_walks() const noexcept;
    /// Begins what runs without being asked: following the kernel's log, and sampling where the configuration says so.
    void start();

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace nodescope
