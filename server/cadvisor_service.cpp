#include "server/cadvisor_service.hpp"

#include "server/api/cadvisor_machine.hpp"
#include "server/api/cadvisor_routes.hpp"

#include <utility>

namespace nodescope {

namespace {

using measured_filesystems = result<std::shared_ptr<const host::node_filesystems>>;

/// Stands where containers will be found.
class no_containers final : public cadvisor::containers {
public:
    task<result<std::vector<cadvisor::container_view>>> find(cadvisor::query, deadline) override { co_return none(); }
    task<result<std::vector<cadvisor::event>>> history(cadvisor::event_filter, deadline) override { co_return none(); }
    result<std::unique_ptr<cadvisor::event_stream>> watch(cadvisor::event_filter) override { return none(); }

private:
    static error none() { return error(failure::disabled, "containers are not watched"); }
};

task<measured_filesystems> no_filesystems(deadline)
{
    co_return error(failure::disabled, "filesystems are not measured");
}

cadvisor::process_table_options table_options(const configuration& config)
{
    cadvisor::process_table_options options;
    options.root = config.root;
    return options;
}

}  // namespace

struct cadvisor_service::parts {
    parts(worker_pool& pool, docker::client& docker, const configuration& config)
        : engine(&docker),
          machine(pool, no_filesystems, config.root, config.limits.host),
          processes(pool, table_options(config), config.limits.host)
    {
    }

    cadvisor::engine_facts engine;
    cadvisor::machine_collector machine;
    cadvisor::process_table_collector processes;
    no_containers containers;
};

cadvisor_service::cadvisor_service(worker_pool& pool, docker::client& docker, const configuration& config)
    : parts_(std::make_unique<parts>(pool, docker, config))
{
}

cadvisor_service::~cadvisor_service() = default;

std::vector<http::route> cadvisor_service::routes()
{
    const api::machine_backends node{parts_->machine, parts_->engine, parts_->processes, parts_->containers};
    return api::cadvisor_routes(api::machine_request_types(node, NODESCOPE_VERSION));
}

}  // namespace nodescope
