#include "server/run/backends.hpp"

#include "collectors/questions/namespace_reader.hpp"
#include "server/api/health.hpp"
#include "server/api/network/findings_routes.hpp"
#include "server/api/network/network_routes.hpp"
#include "server/api/network/path_routes.hpp"
#include "server/api/network/topology_routes.hpp"
#include "server/api/openapi/openapi_route.hpp"
#include "server/api/page/page_routes.hpp"
#include "server/api/processors/processors.hpp"
#include "server/api/status.hpp"
#include "server/run/collector_options.hpp"

#include <iterator>
#include <utility>

namespace nodescope {

backends::backends(const boost::asio::any_io_executor& executor, task_group& group, logger& log,
                   const configuration& config, http::fair_budget answers)
    : executor_(executor),
      group_(group),
      log_(log),
      config_(config),
      answers_(std::move(answers)),
      programs_(executor, workers_),
      kernel_(config.root, workers_, collector_limits(config.limits).kernel)
{
}

result<void> backends::build_clients()
{
    if (asks_docker(config_)) {
        auto docker = docker::make_client(executor_, workers_, docker_options(config_), log_);
        if (!docker) return docker.error();
        docker_ = &runtimes_.add(std::move(*docker));
    }
    if (asks_podman(config_)) {
        auto podman = podman::make_runtime(executor_, workers_, podman_options(config_), log_);
        if (!podman) return podman.error();
        podman_ = &runtimes_.add(std::move(*podman));
    }
    if (asks_cri(config_)) {
        auto cri = cri::make_runtime(executor_, workers_, cri_options(config_));
        if (!cri) return cri.error();
        cri_ = &runtimes_.add(std::move(*cri));
    }
    auto pods = kubernetes::make_pod_source(executor_, pod_options(config_), log_);
    if (!pods) return pods.error();
    pods_ = std::move(*pods);
    pod_ids_ = std::make_unique<kubernetes_container_ids>(*pods_);
    containers_.use(*pod_ids_);
    return {};
}

result<void> backends::build_net_info()
{
    namespace_reader_options reading;
    reading.root = config_.root;
    if (!config_.xtables_dir.empty()) reading.nat.directories = {config_.xtables_dir};
    network_options of_networks = options_of_network(config_);
    of_networks.filter_texts = std::make_shared<netlink::filter_text_reader>(programs_, reading.nat);
    auto reader = make_namespace_reader(programs_, std::move(reading));
    if (!reader) return reader.error();
    net_info_ = std::make_unique<net_info_collector>(containers_, workers_, std::move(*reader),
                                                     options_of_net_info(config_), log_);
    auto networks = network_collector::make(containers_, workers_, std::move(of_networks), log_);
    if (!networks) return networks.error();
    networks_ = std::move(*networks);
    auto findings =
        findings_collector::make(containers_, workers_, options_of_network(config_), config_.findings_off, log_);
    if (!findings) return findings.error();
    findings_ = std::move(*findings);
    if (docker_ != nullptr) findings_->use(*docker_);
    if (cri_ != nullptr) findings_->use(*cri_);
    netlink::nat_options rules;
    if (!config_.xtables_dir.empty()) rules.directories = {config_.xtables_dir};
    auto paths =
        path_collector::make(containers_, workers_, programs_, options_of_network(config_), std::move(rules), log_);
    if (!paths) return paths.error();
    paths_ = std::move(*paths);
    auto home = netlink::net_namespace::of_this_thread();
    if (!home) return home.error();
    places_ = std::make_unique<container_places_collector>(workers_, config_.root, std::move(*home),
                                                           collector_limits(config_.limits).processes);
    auto topology = topology_collector::make(runtimes_, workers_, group_, options_of_topology(config_), log_);
    if (!topology) return topology.error();
    topology_ = std::move(*topology);
    return {};
}

void backends::build_processes()
{
    host::child_reader_options reading;
    reading.root = config_.root;
    reader_ = std::make_shared<host::child_reader>(std::move(reading));
    idle_reader_ = std::make_unique<host::idle_reader>(reader_, workers_, group_);
    const auto used = [&idle = *idle_reader_] { idle.touch(); };
    processes_ = std::make_unique<process_list_collector>(workers_, reader_, options_of_process_list(config_), used);
}

result<void> backends::build()
{
    if (auto built = build_clients(); !built) return built;
    if (auto built = build_net_info(); !built) return built;
    build_processes();
    goroutines_ = std::make_unique<goroutine_dump_collector>(workers_, options_of_goroutine_dumps(config_));
    if (config_.application_metrics) {
        auto made = applications::application_metrics::make(executor_, group_, log_, config_.root);
        if (!made) return made.error();
        applications_ = std::move(*made);
    }
    const named_runtimes asked{runtimes_, docker_, podman_, cri_};
    cadvisor_ =
        std::make_unique<cadvisor_service>(workers_, asked, group_, log_, config_, answers_, applications_.get());
    return {};
}

task<result<std::map<std::string, api::process_facts>>> backends::look_at_processes(deadline limit)
{
    const auto found = co_await places_->look(limit);
    if (!found) co_return found.error();
    std::map<std::string, api::process_facts> told;
    for (const auto& [id, one] : (*found)->by_id) {
        api::process_facts& facts = told[id];
        facts.pid = one.pid;
        facts.netns = one.netns;
        facts.addresses = one.addresses;
    }
    co_return told;
}

std::vector<http::route> backends::routes(std::function<api::service_state()> state)
{
    const api::processor_backends asked{
        {docker_, podman_, cri_}, *pods_, *net_info_, *findings_, *processes_, *goroutines_, workers_, config_.root};

    std::vector<http::route> routes;
    const auto add = [&routes](std::vector<http::route> more) {
        std::move(more.begin(), more.end(), std::back_inserter(routes));
    };
    add(api::health_routes([&workers = workers_] { return workers.all_hang_for(); }));
    add(api::processor_routes(asked, options_of_processors(config_)));
    add(api::network_routes(*networks_, config_.max_reply));
    add(api::findings_routes(*findings_, config_.max_reply));
    add(api::path_routes(*paths_, config_.max_reply));
    add(api::topology_routes(*topology_, workers_, config_.max_reply));
    add(cadvisor_->list_routes([this](deadline limit) { return look_at_processes(limit); }));
    add(api::openapi_routes());
    add(api::page_routes());
    add(api::status_routes(state));
    cadvisor_service::wiring_source wired;
    if (config_.metrics_network) wired = [&of = *topology_](deadline limit) { return of.look(limit); };
    std::vector<http::route> cadvisor = cadvisor_->routes(std::move(state), std::move(wired));
    for (http::route& one : cadvisor) one.gives = one.path == "/metrics" ? http::area::metrics : http::area::stats;
    add(std::move(cadvisor));
    return routes;
}

void backends::count(api::service_state& to) const
{
    for (const auto& one : runtimes_.all()) to.backends.push_back({one->name(), one->statistics()});
    to.backends.push_back({"kubernetes", pods_->statistics()});
    to.backends.push_back({"disk", cadvisor_->disk_walks()});
    if (applications_) {
        to.backends.push_back({"application", applications_->statistics()});
        to.left_out.application_figures = applications_->left_out();
    }
    to.cgroups_unwatched = cadvisor_->cgroups_unwatched();
    to.left_out.samples = cadvisor_->samples_left_out();
    to.left_out.events = cadvisor_->events_left_out();
    to.left_out.ends = cadvisor_->ends_left_out();
    to.left_out.container_texts = cadvisor_->texts_left_out();
    to.kills_not_counted = cadvisor_->kills_not_counted();
    if (docker_ != nullptr) to.left_out.docker_strings = docker_->left_out();
    if (podman_ != nullptr) to.left_out.docker_strings += podman_->service().left_out();
    to.helpers = programs_.alive();
    to.helpers_hanging = programs_.stuck();
    to.readers_killed = reader_->statistics().hung;
    to.processes = processes_->statistics();
    to.workers_busy = workers_.busy();
    to.workers_abandoned = workers_.abandoned();
    to.worker_deadline_misses = workers_.deadline_misses();
}

}  // namespace nodescope
