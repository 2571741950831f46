// The processor routes: the questions of the KubeDiag agent. Reads parameters, asks one collector, renders the answer.
#pragma once

#include "collectors/kubernetes/pod_source.hpp"
#include "collectors/questions/goroutine_dump.hpp"
#include "collectors/questions/mountinfo.hpp"
#include "collectors/questions/net_info.hpp"
#include "collectors/questions/process_list.hpp"
#include "collectors/runtime/docker/docker_client.hpp"
#include "server/http/message.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace nodescope::api {

/// What the routes ask.
struct processor_backends {
    docker::client& docker;  ///< for the routes about Docker itself
    kubernetes::pod_source& pods;
    net_info_collector& net_info;
    process_list_collector& processes;
    mountinfo_collector& mountinfo;
    goroutine_dump_collector& goroutines;
};

struct processor_options {
    std::string node_name;                ///< a body whose `node` is another name is refused
    std::size_t max_reply = 0;            ///< bytes
    std::size_t max_body = 0;             ///< bytes
    steady_clock::duration host_timeout;  ///< one pass over /proc
};

/// Both arguments are copied; what `backends` refers to must outlive the routes.
std::vector<http::route> processor_routes(const processor_backends& backends, const processor_options& options);

}  // namespace nodescope::api
