// The number by which the kernel knows a cgroup (v2): that of its directory. Blocking: for pool threads.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace nodescope::host {

/// Of the cgroup that the process `pid`, whose /proc/PID is `process`, is in. Nothing where there is no cgroup2
/// filesystem at /sys/fs/cgroup or, beside v1, at /sys/fs/cgroup/unified; and nothing when the directory does not list
/// the process: from a cgroup namespace the paths in /proc are others.
std::optional<std::uint64_t> blocking_cgroup_number(const std::string& root, int process, pid_t pid);

}  // namespace nodescope::host
