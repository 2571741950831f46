#include "server/run/cadvisor_service.hpp"

#include "collectors/cadvisor/kernel_log.hpp"
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
    const auto measured = co_await filesystems.measure(limit);
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
    if (config.metrics_container_labels == "kubernetes") options.series.labels = label_choice::kubernetes;
    options.series.wanted_labels = config.metrics_labels;
    options.series.processors_together = config.metrics_cpu == "total";
    options.series.timestamps = config.metrics_timestamps;
    api::series_choice& chosen = options.series.chosen;
    chosen = api::series_choice(config.metrics_enabled, config.metrics_disabled);
    chosen.containers_left_out = config.metrics_ignored_containers;
    chosen.interfaces_left_out = config.metrics_ignored_interfaces;
    chosen.devices_left_out = config.metrics_ignored_devices;
    return options;
}

/// What names block devices is there before the first question. The next measurement says why this one failed.
task<> measure_once(host::filesystem_watch& filesystems, deadline limit)
{
    const auto measured = co_await filesystems.measure(limit);
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

using data_root_source = decltype(cadvisor::disk_sources::data_root);

cadvisor::disk_sources disk_sources_of(const std::string& root, data_root_source said,
                                       const host::filesystem_watch& filesystems)
{
    cadvisor::disk_sources sources;
    sources.walk = [root](const host::docker_storage& storage, const std::string& id, deadline limit,
                          const abandon_flag& abandoned) {
        return host::blocking_container_disk_usage(root, storage, id, limit, abandoned);
    };
    sources.walk_pod = [root](const std::string& uid, deadline limit, const abandon_flag& abandoned) {
        return host::blocking_pod_volumes(root, uid, limit, abandoned);
    };
    sources.data_root = std::move(said);
    sources.filesystems = [&filesystems] { return filesystems.last(); };
    return sources;
}

}  // namespace

cadvisor_service::cadvisor_service(worker_pool& workers, const named_runtimes& asked, task_group& group, logger& log,
                                   const configuration& config, http::fair_budget answers,
                                   applications::application_metrics* applications)
    : workers_(workers),
      group_(group),
      log_(log),
      config_(config),
      answers_(std::move(answers)),
      docker_(asked.docker),
      podman_(asked.podman),
      cri_(asked.cri),
      filesystems_(workers, config.root, collector_limits(config.limits).filesystems),
      machine_(
          workers, [this](deadline limit) { return filesystems_.measure(limit); }, config.root,
          collector_limits(config.limits).machine),
      processes_(workers, table_options(config), collector_limits(config.limits).processes),
      disks_(
          group, log,
          disk_sources_of(
              config.root, [this](const std::string& of, deadline limit) { return facts_of(of).said_data_root(limit); },
              filesystems_),
          collector_limits(config.limits).disks),
      containers_(
          workers, asked.all, group, log, sampling_options(config),
          [this](deadline limit) { return usages_of(filesystems_, limit); },
          config.disk_usage == "asked" ? &disks_ : nullptr, applications)
{
}

cadvisor::engine_facts& cadvisor_service::facts_of(const std::string& of)
{
    if (of == "docker") return docker_;
    return of == "podman" ? podman_ : cri_;
}

std::vector<http::route> cadvisor_service::routes(std::function<api::service_state()> state, wiring_source wired)
{
    const api::machine_backends node{machine_, docker_, processes_, containers_, workers_, answers_};
    auto types = api::machine_request_types(node, NODESCOPE_VERSION);
    const auto devices = [this] { return names_of(filesystems_); };
    auto of_containers = api::container_request_types(containers_, workers_, devices, answers_);
    std::move(of_containers.begin(), of_containers.end(), std::back_inserter(types));
    auto routes = api::cadvisor_routes(types);

    api::metrics_backends scraped{containers_, machine_, docker_, workers_, devices, std::move(state), answers_};
    scraped.wired = std::move(wired);
    auto of_metrics = api::metrics_routes(std::move(scraped), options_of_metrics(config_));
    std::move(of_metrics.begin(), of_metrics.end(), std::back_inserter(routes));
    return routes;
}

std::vector<http::route> cadvisor_service::list_routes(api::process_look look)
{
    return api::containers_routes({containers_, answers_, std::move(look), config_.max_reply});
}

void cadvisor_service::start()
{
    const auto tell = [this](const cadvisor::oom_kill& kill, cadvisor::time_point when) {
        containers_.tell_out_of_memory(kill, when);
    };
    group_.spawn("kernel log", cadvisor::follow_kernel_log(config_.root, log_, tell));
    group_.spawn("filesystems", measure_once(filesystems_, deadline::in(config_.limits.host)));
    containers_.start();
}

}  // namespace nodescope
