// Pods as JSON text: what is read out of them, and the little that is added. Everything else stays byte for byte as the
// source wrote it. Pure functions.
#pragma once

#include "collectors/kubernetes/pod_source.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nodescope::kubernetes {

/// What this service looks at in a Pod. Members that are absent or null are empty.
struct pod_facts {
    pod_facts() = default;
    std::string kind;
    std::string api_version;
    std::string pod_namespace;
    std::string name;
    std::string uid;
    std::string node_name;
    bool has_kind = false;
    bool has_api_version = false;
    bool being_deleted = false;  ///< metadata.deletionTimestamp is set
};

/// failure::malformed when `pod` is not an object or one of these members has another type than a Pod gives it.
result<pod_facts> read_pod_facts(std::string_view pod);

/// A container that runs, by the status of its pod.
struct running_container {
    running_container() = default;
    std::string name;
    std::string id;          ///< "containerd://0123…"
    std::string started_at;  ///< as Kubernetes wrote it, which sorts by time
};

/// Those of the pod, the oldest first, init containers that go on and ephemeral ones included. One that has no id (yet)
/// is left out. failure::malformed when a member has another type than a Pod gives it.
result<std::vector<running_container>> read_running_containers(std::string_view pod);

/// The pod with `kind` and `apiVersion` put in front where it has none, which is how the items of a list come.
/// failure::malformed when they are there and say that it is something else.
result<std::string> with_kind_and_version(std::string_view pod, const pod_facts& facts);

/// One pod as the API server answered it. failure::malformed when it is not the pod asked for, failure::gone when it is
/// not on `node_name`: a node must not be used to read the pods of the whole cluster.
result<std::string> checked_pod(std::string_view body, const pod_reference& which, std::string_view node_name);

/// Out of a PodList: the pods of `node_name` as one array. A static pod whose status is only that of its file, as
/// kubelets list it, gets a status.message that says so; likewise below.
result<std::string> pods_of_list(std::string_view body, std::string_view node_name);

/// Out of a PodList: one pod of `node_name`. Where two have its name (one being deleted, its successor there already),
/// the one that stays. failure::gone when there is none.
result<std::string> pod_of_list(std::string_view body, const pod_reference& which, std::string_view node_name);

}  // namespace nodescope::kubernetes
