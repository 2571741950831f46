// Since when a cgroup is there, by its processes.
#pragma once

#include "collectors/host/cgroup/cgroup_files.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace nodescope::host {

/// When the oldest of the first processes of a cgroup began: it was there by then. cgroup_tree::blocking_creation_time
/// says later where the kernel had dropped the cgroup's inode and made another, as it does when it needs memory. One
/// that came from elsewhere may be older than the cgroup. To the second. Nothing for a cgroup without processes of its
/// own. Blocking.
std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> blocking_oldest_process(
    const cgroup_tree& tree, std::string_view path, std::chrono::sys_time<std::chrono::nanoseconds> boot_time);

}  // namespace nodescope::host
