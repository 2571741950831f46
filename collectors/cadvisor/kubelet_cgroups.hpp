// How the kubelet names the cgroups of pods (pkg/kubelet/cm: pod_container_manager_linux.go, cgroup_manager_linux.go),
// with the cgroupfs driver and with systemd's, below whatever root it was given. Pure.
#pragma once

#include <string>
#include <string_view>

namespace nodescope::cadvisor {

/// The uid of the pod whose own cgroup that is: "/kubepods/burstable/pod<uid>", or
/// ".../kubepods-burstable-pod<uid>.slice" with '_' for '-'. Empty: no pod's. Whoever may make a cgroup may call it so.
std::string pod_uid_of_cgroup(std::string_view path);

/// Whether the kubelet's own metrics have that cgroup, also where it is no container's: the node, all of the pods, and
/// the kubelet's service.
bool kubelet_shows(std::string_view path);

}  // namespace nodescope::cadvisor
