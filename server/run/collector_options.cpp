#include "server/run/collector_options.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace nodescope {

bool asks_docker(const configuration& config) { return config.runtime == "auto" || config.runtime == "docker"; }
bool asks_podman(const configuration& config) { return config.runtime == "auto" || config.runtime == "podman"; }
bool asks_cri(const configuration& config) { return config.runtime == "auto" || config.runtime == "cri"; }

docker::client_options docker_options(const configuration& config)
{
    docker::client_options options = docker::options_from_environment(config.limits.docker);
    options.host = config.docker_host;
    options.usual = docker::usual_sockets();
    if (asks_podman(config)) options.not_the_same = podman::usual_sockets(config.root);
    options.insecure_tcp = config.docker_insecure_tcp;
    return options;
}

podman::runtime_options podman_options(const configuration& config)
{
    constexpr std::string_view socket = "unix://";
    docker::client_options service(config.limits.docker);
    service.host = config.podman_host;
    service.usual = podman::usual_sockets(config.root);
    service.only_usable = true;
    service.insecure_tcp = config.docker_insecure_tcp;
    if (asks_docker(config) && config.docker_host.starts_with(socket)) {
        service.not_the_same = {config.docker_host.substr(socket.size())};
    }
    podman::runtime_options options(std::move(service), config.limits.host);
    options.files.root = config.root;
    options.files.graph_root = config.podman_root;
    options.files.run_root = config.podman_runroot;
    return options;
}

cri::runtime_options cri_options(const configuration& config)
{
    cri::runtime_options options(config.limits.cri);
    options.endpoint = config.cri_endpoint;
    options.root = config.root;
    return options;
}

kubernetes::source_options pod_options(const configuration& config)
{
    kubernetes::source_options options(config.limits.kubernetes);
    options.source = config.pod_source;
    options.kubeconfig = config.kubeconfig;
    options.kubelet_endpoint = config.kubelet_endpoint;
    options.kubelet_ca_file = config.kubelet_ca_file;
    options.node_name = config.node_name;
    return options;
}

net_info_options options_of_net_info(const configuration& config)
{
    net_info_options options(config.limits.host, config.limits.netlink, config.limits.nat);
    options.root = config.root;
    return options;
}

network_options options_of_network(const configuration& config)
{
    return {config.root, config.limits.host, config.limits.netlink, config.max_reply};
}

topology_options options_of_topology(const configuration& config)
{
    topology_options options(config.root, config.limits.host, config.limits.netlink);
    if (config.metrics_network) options.most.figures = measured_networks_limit;
    return options;
}

process_list_options options_of_process_list(const configuration& config)
{
    // What stands around the list in the answer: its key, and how much of it there is.
    constexpr std::size_t around_bytes = 256;
    process_list_options options(config.limits.host);
    options.root = config.root;
    options.limit_bytes = std::min(options.limit_bytes, config.max_reply - std::min(config.max_reply, around_bytes));
    return options;
}

goroutine_dump_options options_of_goroutine_dumps(const configuration& config)
{
    goroutine_dump_options options([&config] { return config.http.request_timeout; });
    options.enabled = config.goroutine_dumps;
    options.root = config.root;
    options.data_root = config.state_directory;
    options.docker_pid_file = config.docker_pid_file;
    options.docker_exec_root = config.docker_exec_root;
    options.containerd_pid_file = config.containerd_pid_file;
    options.containerd_temporary_directory = config.containerd_temporary_directory;
    return options;
}

cadvisor::sampling_options sampling_options(const configuration& config)
{
    cadvisor::sampling_options options(config.limits.host, config.max_events);
    options.root = config.root;
    options.interval = config.sample_interval;
    options.idle = config.sample_idle.value_or(std::chrono::milliseconds(0));
    options.always = !config.sample_idle;
    options.also.sockets = config.count_sockets;
    options.also.descriptors = config.count_descriptors;
    options.environment.insert(config.container_env.begin(), config.container_env.end());
    return options;
}

api::processor_options options_of_processors(const configuration& config)
{
    return {config.node_name, config.max_reply, config.http.max_body, config.limits.host};
}

}  // namespace nodescope
