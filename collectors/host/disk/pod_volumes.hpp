// What the volumes of a pod take on the node, by the folders that the kubelet keeps them in. Blocking: for pool
// threads.
#pragma once

#include "collectors/host/usage.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::host {

struct pod_volumes {
    /// `device` is the volume's name, `type` its plugin ("empty-dir", "csi"), `inodes` those it uses; `capacity` is its
    /// quota where the filesystem has one for it. Sorted by name.
    std::vector<filesystem_usage> volumes;
    bool truncated = false;  ///< there is more than a limit allows: figures are of what was seen
    bool denied = false;     ///< a directory may not be read
};

/// Those in <root>/var/lib/kubelet/pods/<uid>/volumes: emptyDir volumes by walking their files, others by what their
/// filesystem says where they have one of their own. Left out are those that only show objects of Kubernetes
/// (configmap, secret, projected, downward-api), and those on a network, which may hang. failure::gone when the kubelet
/// has no such pod, failure::denied, failure::timed_out, failure::cancelled.
result<pod_volumes> blocking_pod_volumes(const std::string& root, std::string_view uid, deadline limit,
                                         const abandon_flag& abandoned);

/// Of one pod.
inline constexpr std::size_t volume_limit = 64;

}  // namespace nodescope::host
