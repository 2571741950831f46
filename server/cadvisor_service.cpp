#include "server/cadvisor_service.hpp"

#include "server/api/cadvisor_containers.hpp"
#include "server/api/cadvisor_machine.hpp"
#include "server/api/cadvisor_routes.hpp"
#include "server/api/metrics_routes.hpp"

#include <iterator>
#include <utility>

namespace nodescope {

namespace {

/// Stands where containers will be found.
class no_containers final : public cadvisor::containers {
public:
    task<result<std::vector<cadvisor::container_view>>> find(cadvisor::query, deadline) override { co_return none(); }
    task<result<std::vector<cadvisor::event>>> history(cadvisor::event_filter, deadline) override { co_return none(); }
    result<std::unique_ptr<cadvisor::event_stream>> watch(cadvisor::event_filter) override { return none(); }

private:
    static error none() { return error(failure::disabled, "containers are not watched"); }
};

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

/// By the last measurement, which the name keeps.
api::device_naming names_of(const host::filesystem_watch& filesystems)
{
    auto last = filesystems.last();
    if (!last) return {};
    return [last = std::move(last)](std::uint32_t major, std::uint32_t minor, bool of_root) {
        return last->device_name(major, minor, of_root);
    };
}

}  // namespace

struct cadvisor_service::parts {
    parts(worker_pool& pool, docker::client& docker, const configuration& config)
        : engine(&docker),
          filesystems(pool, config.root, host::mount_choice()),
          machine(
              pool, [this](deadline limit) { return filesystems.measure(limit); }, config.root, config.limits.host),
          processes(pool, table_options(config), config.limits.host),
          workers(pool),
          metrics(options_of_metrics(config))
    {
    }

    cadvisor::engine_facts engine;
    host::filesystem_watch filesystems;
    cadvisor::machine_collector machine;
    cadvisor::process_table_collector processes;
    no_containers containers;
    worker_pool& workers;
    api::metrics_options metrics;
};

cadvisor_service::cadvisor_service(worker_pool& pool, docker::client& docker, const configuration& config)
    : parts_(std::make_unique<parts>(pool, docker, config))
{
}

cadvisor_service::~cadvisor_service() = default;

std::vector<http::route> cadvisor_service::routes(std::function<api::service_state()> state)
{
    const api::machine_backends node{parts_->machine, parts_->engine, parts_->processes, parts_->containers};
    auto types = api::machine_request_types(node, NODESCOPE_VERSION);
    const auto name_device = [&filesystems = parts_->filesystems](std::uint32_t major, std::uint32_t minor,
                                                                  bool of_root) {
        const auto last = filesystems.last();
        return last ? last->device_name(major, minor, of_root) : std::string();
    };
    auto of_containers = api::container_request_types(parts_->containers, name_device);
    std::move(of_containers.begin(), of_containers.end(), std::back_inserter(types));
    auto routes = api::cadvisor_routes(std::move(types));

    api::metrics_backends scraped{parts_->containers, parts_->machine, parts_->engine, parts_->workers, {},
                                  std::move(state)};
    scraped.devices = [&filesystems = parts_->filesystems] { return names_of(filesystems); };
    auto of_metrics = api::metrics_routes(std::move(scraped), parts_->metrics);
    std::move(of_metrics.begin(), of_metrics.end(), std::back_inserter(routes));
    return routes;
}

}  // namespace nodescope
