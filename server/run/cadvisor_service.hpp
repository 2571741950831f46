// What stands behind cAdvisor's API, built from the configuration: one member of the application.
#pragma once

#include "collectors/cadvisor/container_disks.hpp"
#include "collectors/cadvisor/engine_facts.hpp"
#include "collectors/cadvisor/machine.hpp"
#include "collectors/cadvisor/node_containers.hpp"
#include "collectors/cadvisor/process_table.hpp"
#include "collectors/host/disk/filesystems.hpp"
#include "collectors/runtime/runtimes.hpp"
#include "collectors/wiring/wiring.hpp"
#include "core/backend_statistics.hpp"
#include "core/log.hpp"
#include "core/task_group.hpp"
#include "core/worker_pool.hpp"
#include "server/api/containers/containers_routes.hpp"
#include "server/api/large_answers.hpp"
#include "server/api/metrics/service_metrics.hpp"
#include "server/config/config.hpp"
#include "server/http/message.hpp"

#include <functional>
#include <string>
#include <vector>

namespace nodescope {

/// The runtimes of the node, and which of them is which; null: it is not asked.
struct named_runtimes {
    const runtimes& all;
    runtime* docker = nullptr;
    runtime* podman = nullptr;
    runtime* cri = nullptr;
};

/// Reactor thread only. Outlives the routes.
class cadvisor_service {
public:
    /// All that is referenced outlives it. `applications` may be null: nobody asks them.
    cadvisor_service(worker_pool& workers, const named_runtimes& asked, task_group& group, logger& log,
                     const configuration& config, http::fair_budget answers,
                     applications::application_metrics* applications);
    cadvisor_service(const cadvisor_service&) = delete;
    cadvisor_service& operator=(const cadvisor_service&) = delete;

    /// `state` gives what /metrics says of the service itself; it is asked on the reactor thread. `wired` gives how the
    /// networks of the node are wired, for /metrics; empty: that is not wanted.
    using wiring_source = std::function<task<result<std::shared_ptr<const wiring>>>(deadline)>;
    [[nodiscard]] std::vector<http::route> routes(std::function<api::service_state()> state, wiring_source wired);
    /// The list of containers; `look` says where they run.
    [[nodiscard]] std::vector<http::route> list_routes(api::process_look look);
    /// Whether a disk or a file server holds one of its threads in the kernel.
    [[nodiscard]] bool has_stuck_worker() const noexcept { return filesystems_.busy() || disks_.busy(); }
    /// How the walks over the files of containers ended.
    [[nodiscard]] const backend_statistics& disk_walks() const noexcept { return disks_.statistics(); }
    [[nodiscard]] bool cgroups_unwatched() const noexcept { return containers_.unwatched(); }
    /// What there was no room for since the start.
    [[nodiscard]] std::uint64_t samples_left_out() const noexcept { return containers_.samples_left_out(); }
    [[nodiscard]] std::uint64_t events_left_out() const noexcept { return containers_.events_left_out(); }
    [[nodiscard]] std::uint64_t ends_left_out() const noexcept { return containers_.ends_left_out(); }
    [[nodiscard]] std::uint64_t texts_left_out() const noexcept { return containers_.texts_left_out(); }
    [[nodiscard]] std::uint64_t kills_not_counted() const noexcept { return containers_.kills_not_counted(); }
    /// Begins what runs without being asked: following the kernel's log, and sampling where the configuration says so.
    void start();

private:
    /// Of the runtime of a container, by what the container says of it.
    cadvisor::engine_facts& facts_of(const std::string& of);

    worker_pool& workers_;
    task_group& group_;
    logger& log_;
    const configuration& config_;
    api::large_answers answers_;
    cadvisor::engine_facts docker_;
    cadvisor::engine_facts podman_;
    cadvisor::engine_facts cri_;
    host::filesystem_watch filesystems_;
    cadvisor::machine_collector machine_;
    cadvisor::process_table_collector processes_;
    cadvisor::container_disks disks_;
    cadvisor::node_containers containers_;
};

}  // namespace nodescope
