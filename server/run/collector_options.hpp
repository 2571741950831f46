// What the clients and collectors with a deadline are built with, out of the configuration. Apart from backends, so
// that a test can hold it against the flags.
#pragma once

#include "collectors/cadvisor/node_containers.hpp"
#include "collectors/kubernetes/pod_source.hpp"
#include "collectors/questions/net_info.hpp"
#include "collectors/runtime/docker/docker_client.hpp"
#include "server/api/processors/processors.hpp"
#include "server/config/config.hpp"

namespace nodescope {

/// Docker's own variables fill in what the configuration leaves open.
docker::client_options docker_options(const configuration& config);
kubernetes::source_options pod_options(const configuration& config);
net_info_options options_of_net_info(const configuration& config);
cadvisor::sampling_options sampling_options(const configuration& config);
api::processor_options options_of_processors(const configuration& config);

}  // namespace nodescope
