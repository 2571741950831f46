#include "server/run/backends.hpp"

#include "collectors/questions/namespace_reader.hpp"
#include "server/api/health.hpp"
#include "server/api/processors/processors.hpp"
#include "server/api/status.hpp"
#include "server/run/collector_options.hpp"

#include <iterator>
#include <utility>

namespace nodescope {

backends::backends(const boost::asio::any_io_executor& executor, task_group& group, logger& log,
                   const configuration& config)
    : executor_(executor), group_(group), log_(log), config_(config), programs_(executor, workers_)
{
}

result<void> backends::build_clients()
{
    auto docker = docker::make_client(executor_, docker_options(config_), log_);
    if (!docker) return docker.error();
    docker_ = &runtimes_.add(std::move(*docker));
    auto pods = kubernetes::make_pod_source(executor_, pod_options(config_), log_);
    if (!pods) return pods.error();
    pods_ = std::move(*pods);
    return {};
}

result<void> backends::build_net_info()
{
    namespace_reader_options reading;
    reading.root = config_.root;
    if (!config_.xtables_dir.empty()) reading.nat.directories = {config_.xtables_dir};
    auto reader = make_namespace_reader(programs_, std::move(reading));
    if (!reader) return reader.error();
    net_info_ = std::make_unique<net_info_collector>(runtimes_, workers_, std::move(*reader),
                                                     options_of_net_info(config_), log_);
    return {};
}

void backends::build_goroutines()
{
    goroutine_dump_options options;
    options.enabled = config_.goroutine_dumps;
    options.timeout = config_.http.request_timeout;
    options.root = config_.root;
    options.data_root = config_.state_directory;
    options.docker_pid_file = config_.docker_pid_file;
    options.docker_exec_root = config_.docker_exec_root;
    options.containerd_pid_file = config_.containerd_pid_file;
    options.containerd_temporary_directory = config_.containerd_temporary_directory;
    goroutines_ = std::make_unique<goroutine_dump_collector>(workers_, std::move(options));
}

result<void> backends::build()
{
    if (auto built = build_clients(); !built) return built;
    if (auto built = build_net_info(); !built) return built;
    process_list_options process_options;
    process_options.root = config_.root;
    processes_ = std::make_unique<process_list_collector>(workers_, std::move(process_options));
    mountinfo_ = std::make_unique<mountinfo_collector>(workers_, config_.root);
    build_goroutines();
    cadvisor_ = std::make_unique<cadvisor_service>(workers_, runtimes_, group_, log_, config_);
    return {};
}

std::vector<http::route> backends::routes(std::function<api::service_state()> state) const
{
    const api::processor_backends asked{*docker_, *pods_, *net_info_, *processes_, *mountinfo_, *goroutines_};

    std::vector<http::route> routes = api::health_routes();
    std::vector<http::route> processors = api::processor_routes(asked, options_of_processors(config_));
    std::move(processors.begin(), processors.end(), std::back_inserter(routes));
    std::vector<http::route> status = api::status_routes(state);
    std::move(status.begin(), status.end(), std::back_inserter(routes));
    std::vector<http::route> cadvisor = cadvisor_->routes(std::move(state));
    for (http::route& one : cadvisor) one.gives = one.path == "/metrics" ? http::area::metrics : http::area::stats;
    std::move(cadvisor.begin(), cadvisor.end(), std::back_inserter(routes));
    return routes;
}

void backends::count(api::service_state& to) const
{
    for (const auto& one : runtimes_.all()) to.backends.push_back({one->name(), one->statistics()});
    to.backends.push_back({"kubernetes", pods_->statistics()});
    to.backends.push_back({"disk", cadvisor_->disk_walks()});
    to.workers_busy = workers_.busy();
    to.workers_abandoned = workers_.abandoned();
    to.worker_deadline_misses = workers_.deadline_misses();
}

}  // namespace nodescope
