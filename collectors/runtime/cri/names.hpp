// Which container of the lists a caller means, and what it is called. Pure.
#pragma once

#include "collectors/runtime/container_reference.hpp"
#include "collectors/runtime/cri/messages.hpp"
#include "core/error.hpp"

#include <map>
#include <string>
#include <vector>

namespace nodescope::cri {

/// The name that the kubelet's Docker runtimes give: "k8s_app_web_default_<uid>_0".
std::string name_of(const listed_container& one, const pod_identity& pod);
std::string name_of(const listed_sandbox& one);

/// Whose a container is by its labels, which the kubelet sets; without a name where they do not say.
pod_identity pod_of(const kept_texts& labels);

/// By id.
using sandbox_map = std::map<std::string, const listed_sandbox*>;
sandbox_map by_id(const std::vector<listed_sandbox>& sandboxes);
/// By its sandbox where that is listed, else by its labels.
pod_identity pod_of(const listed_container& one, const sandbox_map& sandboxes);

/// A container, or a sandbox.
struct found_id {
    found_id() = default;
    std::string id;
    bool is_sandbox = false;
};

/// By 12 or more digits of the id, by the name above, or by the name that the pod's author gave, where only one that
/// runs has it. failure::gone, failure::conflict.
result<found_id> find_by_reference(const container_reference& wanted, const std::vector<listed_container>& containers,
                                   const std::vector<listed_sandbox>& sandboxes);

/// The running container of a pod, by its name ("POD" is the sandbox), or without a name the pod's only one, or the
/// sandbox, whose network all of them share. failure::gone, failure::conflict.
result<found_id> find_in_pod(const std::string& pod_namespace, const std::string& pod_name,
                             const std::string& container, const std::vector<listed_container>& containers,
                             const std::vector<listed_sandbox>& sandboxes);

}  // namespace nodescope::cri
