// The processor routes: the questions of the KubeDiag agent. Reads parameters, asks one collector, renders the answer.
#pragma once

#include "collectors/kubernetes/pod_source.hpp"
#include "collectors/network/findings_collector.hpp"
#include "collectors/questions/goroutine_dump.hpp"
#include "collectors/questions/net_info.hpp"
#include "collectors/questions/process_list.hpp"
#include "core/worker_pool.hpp"
#include "server/api/processors/node_runtimes.hpp"
#include "server/http/message.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace nodescope::api {

/// What the routes ask.
struct processor_backends {
    node_runtimes runtimes;  ///< for the list of containers, and what they say of themselves
    kubernetes::pod_source& pods;
    net_info_collector& net_info;
    findings_collector& findings;
    process_list_collector& processes;
    goroutine_dump_collector& goroutines;
    worker_pool& workers;  ///< for what is read of the node's files
    std::string root;      ///< below which these are
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
