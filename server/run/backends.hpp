// What the routes ask: every collector and client, built from the configuration, and the table of routes over them.
#pragma once

#include "collectors/kubernetes/pod_source.hpp"
#include "collectors/questions/goroutine_dump.hpp"
#include "collectors/questions/mountinfo.hpp"
#include "collectors/questions/net_info.hpp"
#include "collectors/questions/process_list.hpp"
#include "collectors/runtime/docker/docker_client.hpp"
#include "collectors/runtime/runtimes.hpp"
#include "core/log.hpp"
#include "core/process/program_runner.hpp"
#include "core/task_group.hpp"
#include "core/worker_pool.hpp"
#include "server/api/metrics/service_metrics.hpp"
#include "server/config/config.hpp"
#include "server/http/message.hpp"
#include "server/run/cadvisor_service.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace nodescope {

/// Reactor thread only. Outlives the routes; all that is referenced outlives it. The members are in the order they are
/// built, and go in reverse.
class backends {
public:
    backends(const boost::asio::any_io_executor& executor, task_group& group, logger& log, const configuration& config);

    /// Once, before anything else. Every failure is a start-up error.
    result<void> build();
    /// `state` gives what /metrics says of the service itself.
    [[nodiscard]] std::vector<http::route> routes(std::function<api::service_state()> state) const;
    /// Their part of it.
    void count(api::service_state& to) const;
    /// Begins what runs without being asked.
    void start() { cadvisor_->start(); }
    /// Lets go of what would keep the reactor alive.
    void drop_idle()
    {
        for (const auto& one : runtimes_.all()) one->drop_idle();
    }
    [[nodiscard]] worker_pool& workers() noexcept { return workers_; }
    /// Whether a thread of theirs is in the kernel, where it cannot be joined.
    [[nodiscard]] bool has_stuck_worker() const noexcept
    {
        return workers_.busy() > 0 || cadvisor_->has_stuck_worker();
    }

private:
    result<void> build_clients();
    result<void> build_net_info();
    void build_goroutines();

    boost::asio::any_io_executor executor_;
    task_group& group_;
    logger& log_;
    const configuration& config_;
    worker_pool workers_;
    program_runner programs_;
    runtimes runtimes_;
    docker::client* docker_ = nullptr;  // of runtimes_
    std::unique_ptr<kubernetes::pod_source> pods_;
    std::unique_ptr<net_info_collector> net_info_;
    std::unique_ptr<process_list_collector> processes_;
    std::unique_ptr<mountinfo_collector> mountinfo_;
    std::unique_ptr<goroutine_dump_collector> goroutines_;
    std::unique_ptr<cadvisor_service> cadvisor_;
};

}  // namespace nodescope
