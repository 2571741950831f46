// Who knows the ids of a pod's containers while no runtime answers. It is no runtime: it knows no processes.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/task.hpp"

#include <string>

namespace nodescope {

/// Reactor thread only. Outlives its calls.
class pod_container_ids {
public:
    virtual ~pod_container_ids() = default;

    /// The id, as Kubernetes writes it ("containerd://0123…"), of the running container of a pod of this node; without
    /// `name` any of them, as they share their network. failure::gone when there is none; anything else: it cannot say.
    virtual task<result<std::string>> container_of_pod(std::string pod_namespace, std::string pod_name,
                                                       std::string name, deadline limit) = 0;
};

}  // namespace nodescope
