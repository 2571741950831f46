// What /proc/PID/cgroup says about the container a process belongs to. Pure.
#pragma once

#include <string_view>

namespace nodescope::host {

enum class cgroup_verdict {
    same,   ///< a path component is that container's
    other,  ///< the process is in some container's cgroup, but not in that one
    none,   ///< no container can be read off the cgroups: the runtime keeps none
};
std::string_view to_string(cgroup_verdict verdict) noexcept;

/// Compares the text of /proc/PID/cgroup (v1 or v2, any cgroup driver) with the full 64-hex `container_id`. Known
/// component forms (operations.md N3): `<id>`, `docker-<id>.scope`, `cri-containerd-<id>.scope`, `crio-<id>.scope`,
/// `libpod-<id>.scope`, and containerd's `<slice>:cri-containerd:<id>`. The monitors of containers (`crio-conmon-…`)
/// are not the container. Components that also stand in `own_cgroup`, the service's own, say nothing: inside a
/// container (Docker in Docker) every process below it has them.
cgroup_verdict container_of_cgroup(std::string_view process_cgroup, std::string_view container_id,
                                   std::string_view own_cgroup);

}  // namespace nodescope::host
