// The ids of a pod's containers by the API server or the kubelet, for when no container runtime answers.
#pragma once

#include "collectors/kubernetes/pod_source.hpp"
#include "collectors/runtime/pod_container_ids.hpp"

namespace nodescope {

class kubernetes_container_ids final : public pod_container_ids {
public:
    /// `pods` outlives this.
    explicit kubernetes_container_ids(kubernetes::pod_source& pods) : pods_(pods) {}

    task<result<std::string>> container_of_pod(std::string pod_namespace, std::string pod_name, std::string name,
                                               deadline limit) override;

private:
    kubernetes::pod_source& pods_;
};

}  // namespace nodescope
