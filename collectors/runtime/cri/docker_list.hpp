// The list of containers in the shape of Docker's. What CRI's own lists do not say is asked for once for each container
// and state, as it does not change in that state: a list costs two calls from then on.
#pragma once

#include "collectors/runtime/cri/cri_client.hpp"
#include "collectors/runtime/cri/cri_runtime.hpp"
#include "collectors/runtime/cri/docker_words.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace nodescope::cri {

/// Reactor thread only. Outlives its calls.
class docker_list {
public:
    docker_list(client& asked, worker_pool& workers) : client_(asked), workers_(workers) {}

    task<result<std::shared_ptr<const docker_shaped_list>>> collect(deadline limit);

private:
    using shared_details = std::shared_ptr<const container_details>;
    using details_map = std::map<std::string, shared_details>;
    struct gathering;

    task<result<void>> gather(gathering& to, deadline limit);
    task<> ask_for_rest(gathering& to, deadline limit);
    task<> ask_for(gathering& to, std::string id, bool is_sandbox, deadline limit);
    void keep(const details_map& all);

    client& client_;
    worker_pool& workers_;
    details_map known_;  ///< of the containers of the last list
};

}  // namespace nodescope::cri
