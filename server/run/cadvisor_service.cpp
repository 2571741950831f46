#include "server/run/cadvisor_service.hpp"

#include "collectors/cadvisor/container_disks.hpp"
#include "collectors/cadvisor/kernel_log.hpp"
#include "collectors/cadvisor/node_containers.hpp"
#include "server/api/cadvisor/containers.hpp"
#include "server/api/cadvisor/machine.hpp"
#include "server/api/cadvisor/routes.hpp"
#include "server/api/metrics/metrics_routes.hpp"
#include "server/run/collector_options.hpp"

#include <iterator>
#include <utility>

namespace nodescope {

namespace {

/// The filesystems as samples of "/" hold them.
task<result<std::shared_ptr<const std::vector<host::filesystem_usage>>>> usages_of(host::filesystem_watch& filesystems,
                                                                                   deadline limit)
{
    auto measuring = filesystems.measure(limit);
    const auto measured = co_await std::move(measuring);
    if (!measured) co_return measured.error();
    co_return std::shared_ptr<const std::vector<host::filesystem_usage>>(*measured, &(*measured)->usages);
}

cadvisor::process_table_options table_options(const configuration& config)
{
    cadvisor::process_table_options options;
    options.root = config.root;
    return options;
}

api::metrics_options options_of_metrics(const configuration& config)
{
    using api::container_choice;
    using api::label_choice;
    api::metrics_options options;
    if (config.metrics_containers == "runtime") options.containers = container_choice::runtime;
    if (config.metrics_containers == "none") options.containers = container_choice::none;
    if (config.metrics_container_labels == "own") options.series.labels = label_choice::own;
    if (config.metrics_container_labels == "none") options.series.labels = label_choice::none;
    options.series.wanted_labels = config.metrics_labels;
    return options;
}

/// What names block devices is there before the first question. The next measurement says why this one failed.
task<> measure_once(host::filesystem_watch& filesystems, deadline limit)
{
    auto measuring = filesystems.measure(limit);
    const auto measured = co_await std::move(measuring);
    static_cast<void>(measured);
}

/// By the last measurement, which the name keeps.
api::device_naming names_of(const host::filesystem_watch& filesystems)
{
    auto last = filesystems.last();
    if (!last) return {};
    return [last = std::move(last)](std::uint32_t major, std::uint32_t minor, bool of_root) {
        return last->device_name(major, minor, of_root);
    };
}

cadvisor::disk_sources disk_sources_of(const std::string& root, cadvisor::engine_facts& engine,
                                       const host::filesystem_watch& filesystems)
{
    cadvisor::disk_sources sources;
    sources.walk = [root](const host::docker_storage& storage, const std::string& id, deadline limit,
                          const abandon_flag& abandoned) {
        return host::blocking_container_disk_usage(root, storage, id, limit, abandoned);
    };
    sources.data_root = [&engine](deadline limit) { return engine.said_data_root(limit); };
    sources.filesystems = [&filesystems] { return filesystems.last(); };
    return sources;
}

}  // namespace

struct cadvisor_service::parts {
    parts(worker_pool& pool, const runtimes& named_by, task_group& tasks, logger& to, const configuration& config)
        : group(tasks),
          log(to),
          root(config.root),
          timeout(config.limits.host),
          engine(named_by.first()),
          filesystems(pool, config.root, host::mount_choice(), config.limits.host),
          machine(
              pool, [this](deadline limit) { return filesystems.measure(limit); }, config.root, config.limits.host),
          processes(pool, table_options(config), config.limits.host),
          disks(tasks, to, disk_sources_of(config.root, engine, filesystems), config.limits.disk_usage),
          containers(
              pool, named_by, tasks, to, sampling_options(config),
              [this](deadline limit) { return usages_of(filesystems, limit); },
              config.disk_usage == "asked" ? &disks : nullptr),
          workers(pool),
          metrics(options_of_metrics(config))
    {
    }

    task_group& group;
    logger& log;
    std::string root;
    std::chrono::milliseconds timeout;
    cadvisor::engine_facts engine;
    host::filesystem_watch filesystems;
    cadvisor::machine_collector machine;
    cadvisor::process_table_collector processes;
    cadvisor::container_disks disks;
    cadvisor::node_containers containers;
    worker_pool& workers;
    api::metrics_options metrics;
};

cadvisor_service::cadvisor_service(worker_pool& pool, const runtimes& named_by, task_group& group, logger& log,
                                   const configuration& config)
    : parts_(std::make_unique<parts>(pool, named_by, group, log, config))
{
}

cadvisor_service::~cadvisor_service() = default;

std::vector<http::route> cadvisor_service::routes(std::function<api::service_state()> state)
{
    const api::machine_backends node{parts_->machine, parts_->engine, parts_->processes, parts_->containers};
    auto types = api::machine_request_types(node, NODESCOPE_VERSION);
    const auto devices = [&filesystems = parts_->filesystems] { return names_of(filesystems); };
    auto of_containers = api::container_request_types(parts_->containers, parts_->workers, devices);
    std::move(of_containers.begin(), of_containers.end(), std::back_inserter(types));
    auto routes = api::cadvisor_routes(std::move(types));

    api::metrics_backends scraped{parts_->containers, parts_->machine, parts_->engine, parts_->workers, {},
                                  std::move(state)};
    scraped.devices = devices;
    auto of_metrics = api::metrics_routes(std::move(scraped), parts_->metrics);
    std::move(of_metrics.begin(), of_metrics.end(), std::back_inserter(routes));
    return routes;
}

bool cadvisor_service::has_stuck_worker() const noexcept { return parts_->filesystems.busy() || parts_->disks.busy(); }

const backend_statistics& cadvisor_service::disk_walks() const noexcept { return parts_->disks.statistics(); }

void cadvisor_service::start()
{
    const auto tell = [&containers = parts_->containers](const cadvisor::oom_kill& kill, cadvisor::time_point when) {
        containers.tell_out_of_memory(kill, when);
    };
    parts_->group.spawn("kernel log", cadvisor::follow_kernel_log(parts_->root, parts_->log, tell));
    parts_->group.spawn("filesystems", measure_once(parts_->filesystems, deadline::in(parts_->timeout)));
    parts_->containers.start();
}

}  // namespace nodescope
