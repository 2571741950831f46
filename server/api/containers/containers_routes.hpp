// GET /v1/containers: the containers of the node in one list.
#pragma once

#include "collectors/cadvisor/containers.hpp"
#include "core/task.hpp"
#include "server/api/containers/containers_reply.hpp"
#include "server/api/large_answers.hpp"
#include "server/http/message.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace nodescope::api {

/// What the processes of all containers tell, by their ids.
using process_look = std::function<task<result<std::map<std::string, process_facts>>>(deadline)>;

struct container_list_backends {
    cadvisor::containers& containers;
    large_answers& answers;
    process_look look;      ///< may be null
    std::size_t max_reply;  ///< bytes
};

/// Without parameters, what runs now. `ended` adds what has ended in the last 24 hours; `processes=false` leaves out
/// what costs a look at processes and their networks.
std::vector<http::route> containers_routes(container_list_backends backends);

}  // namespace nodescope::api
