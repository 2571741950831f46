// Which container a cgroup is: the one rule that discovery, proof and lookup share (docs/architecture.md). Pure.
#pragma once

#include <string_view>

namespace nodescope::host {

/// The id in one component of a cgroup's path: 64 characters [0-9a-z] with neither digit nor letter beside them,
/// whatever the runtime and the cgroup driver write around them ("docker-<id>.scope", "crio-<id>",
/// "<slice>:cri-containerd:<id>", the bare id). Empty: the component is no container's. Monitors ("crio-conmon-…",
/// "libpod-conmon-…") and ".mount" units carry a container's id and are not the container.
std::string_view container_id_of_component(std::string_view component) noexcept;

/// The container that the cgroup itself is, by the last component of its path. Empty for a plain cgroup, and for those
/// that a container's own systemd has below. The runtime has the last word.
std::string_view container_id_of_path(std::string_view cgroup_path) noexcept;

enum class cgroup_match {
    same,   ///< a path component is that container's
    other,  ///< the process is in some container's cgroup, but not in that one
    none,   ///< no container can be read off the cgroups: the runtime keeps none
};

/// Compares the text of /proc/PID/cgroup (v1 or v2) with the full `container_id`. The process may be in a cgroup below
/// the container's, so every component of a path counts. Components that also stand in `own_cgroup`, the service's
/// own, say nothing: inside a container (Docker in Docker) every process below it has them.
cgroup_match container_of_cgroup(std::string_view process_cgroup, std::string_view container_id,
                                 std::string_view own_cgroup);

/// The cgroup a process belongs to, by the text of its /proc/PID/cgroup: on v1 (and hybrid) the path of the memory
/// controller, or without one of the cpu controller; on v2 the path of the "0::" line. Empty when it has none of them.
std::string_view cgroup_of_process(std::string_view process_cgroup);
/// That of the "0::" line alone, which hybrid nodes have beside those of v1.
std::string_view unified_cgroup_of_process(std::string_view process_cgroup);

}  // namespace nodescope::host
