// What the clients and collectors with a deadline are built with, out of the configuration. Apart from backends, so
// that a test can hold it against the flags.
#pragma once

#include "collectors/cadvisor/node_containers.hpp"
#include "collectors/kubernetes/pod_source.hpp"
#include "collectors/network/network_collector.hpp"
#include "collectors/network/topology/topology_collector.hpp"
#include "collectors/questions/goroutine_dump.hpp"
#include "collectors/questions/net_info.hpp"
#include "collectors/questions/process_list.hpp"
#include "collectors/runtime/cri/cri_runtime.hpp"
#include "collectors/runtime/docker/docker_client.hpp"
#include "collectors/runtime/podman/podman_runtime.hpp"
#include "server/api/processors/processors.hpp"
#include "server/config/config.hpp"

namespace nodescope {

/// What bounds one call of each of those that take nothing else from the configuration.
struct collector_limits {
    explicit collector_limits(const deadlines& given)
        : filesystems(given.host),
          machine(given.host),
          processes(given.host),
          kernel(given.host),
          disks(given.disk_usage),
          reviews(given.kubernetes)
    {
    }
    steady_clock::duration filesystems;
    steady_clock::duration machine;
    steady_clock::duration processes;
    steady_clock::duration kernel;  ///< looks for a container in the cgroup tree
    steady_clock::duration disks;
    steady_clock::duration reviews;  ///< of tokens, by the API server
};

/// Which runtimes are asked, if they are there.
bool asks_docker(const configuration& config);
bool asks_podman(const configuration& config);
bool asks_cri(const configuration& config);

/// Docker's own variables fill in what the configuration leaves open. Of sockets that are looked for, those that are
/// Podman's are left to it, as Podman leaves the one that was configured for Docker.
docker::client_options docker_options(const configuration& config);
podman::runtime_options podman_options(const configuration& config);
cri::runtime_options cri_options(const configuration& config);
kubernetes::source_options pod_options(const configuration& config);
net_info_options options_of_net_info(const configuration& config);
network_options options_of_network(const configuration& config);
topology_options options_of_topology(const configuration& config);
/// A list that fits into one answer.
process_list_options options_of_process_list(const configuration& config);
/// Refers to `config`: --timeout-request changes while the service runs.
goroutine_dump_options options_of_goroutine_dumps(const configuration& config);
cadvisor::sampling_options sampling_options(const configuration& config);
api::processor_options options_of_processors(const configuration& config);

}  // namespace nodescope
