#include "server/run/collector_options.hpp"

namespace nodescope {

static_assert(configuration::default_max_events == cadvisor::event_store::default_limit);

docker::client_options docker_options(const configuration& config)
{
    docker::client_options options = docker::options_from_environment(config.limits.docker);
    if (!config.docker_host.empty()) options.host = config.docker_host;
    options.insecure_tcp = config.docker_insecure_tcp;
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

cadvisor::sampling_options sampling_options(const configuration& config)
{
    cadvisor::sampling_options options(config.limits.host);
    options.root = config.root;
    options.interval = config.sample_interval;
    options.idle = config.sample_idle.value_or(std::chrono::milliseconds(0));
    options.always = !config.sample_idle;
    options.events_per_kind = config.max_events;
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
