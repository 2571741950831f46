// What the routes ask: every collector and client, built from the configuration, and the table of routes over them.
#pragma once

#include "collectors/host/reader/child_reader.hpp"
#include "collectors/host/reader/idle_reader.hpp"
#include "collectors/kubernetes/pod_source.hpp"
#include "collectors/network/container_places.hpp"
#include "collectors/network/findings_collector.hpp"
#include "collectors/network/network_collector.hpp"
#include "collectors/network/path/path_collector.hpp"
#include "collectors/network/topology/topology_collector.hpp"
#include "collectors/questions/goroutine_dump.hpp"
#include "collectors/questions/net_info.hpp"
#include "collectors/questions/pod_containers.hpp"
#include "collectors/questions/process_list.hpp"
#include "collectors/runtime/by_cgroup.hpp"
#include "collectors/runtime/container_finder.hpp"
#include "collectors/runtime/cri/cri_runtime.hpp"
#include "collectors/runtime/docker/docker_client.hpp"
#include "collectors/runtime/podman/podman_runtime.hpp"
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
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace nodescope {

/// Reactor thread only. Outlives the routes; all that is referenced outlives it. The members are in the order they are
/// built, and are destroyed in reverse.
class backends {
public:
    /// `answers` is what large answers are charged to.
    backends(const boost::asio::any_io_executor& executor, task_group& group, logger& log, const configuration& config,
             http::fair_budget answers);

    /// Once, before anything else. Every failure is a start-up error.
    result<void> build();
    /// `state` gives what /metrics says of the service itself.
    [[nodiscard]] std::vector<http::route> routes(std::function<api::service_state()> state);
    /// Adds what the backends have counted.
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
        return workers_.busy() > 0 || cadvisor_->has_stuck_worker() || (applications_ && applications_->busy()) ||
               networks_->busy() || findings_->busy();
    }

private:
    result<void> build_clients();
    result<void> build_net_info();
    void build_processes();
    task<result<std::map<std::string, api::process_facts>>> look_at_processes(deadline limit);

    boost::asio::any_io_executor executor_;
    task_group& group_;
    logger& log_;
    const configuration& config_;
    http::fair_budget answers_;
    worker_pool workers_;
    program_runner programs_;
    runtimes runtimes_;
    docker::client* docker_ = nullptr;          // of runtimes_; null: not asked
    podman::runtime_client* podman_ = nullptr;  // the same
    cri::runtime_client* cri_ = nullptr;        // the same
    by_cgroup kernel_;
    container_finder containers_{runtimes_, kernel_, group_};
    std::unique_ptr<kubernetes::pod_source> pods_;
    std::unique_ptr<kubernetes_container_ids> pod_ids_;
    std::unique_ptr<net_info_collector> net_info_;
    std::unique_ptr<network_collector> networks_;
    std::unique_ptr<findings_collector> findings_;
    std::unique_ptr<path_collector> paths_;
    std::unique_ptr<container_places_collector> places_;
    std::unique_ptr<topology_collector> topology_;
    std::shared_ptr<host::child_reader> reader_;
    std::unique_ptr<host::idle_reader> idle_reader_;
    std::unique_ptr<process_list_collector> processes_;
    std::unique_ptr<goroutine_dump_collector> goroutines_;
    std::unique_ptr<applications::application_metrics> applications_;  // null: switched off
    std::unique_ptr<cadvisor_service> cadvisor_;
};

}  // namespace nodescope
