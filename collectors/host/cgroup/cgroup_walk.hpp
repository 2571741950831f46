// Which cgroups there are. What others than root have made is told apart: their names prove nothing, and however many
// they make, they do not take the place of the system's.
#pragma once

#include "collectors/host/cgroup/cgroup_layout.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::host {

/// The most cgroups that are listed. A node with 500 pods has about 2000.
inline constexpr std::size_t cgroup_limit = 8'000;
/// The most of them that others than root can have made. A user with a systemd session of their own has some dozens and
/// may make as many as they like; each takes 2 KB while it is sampled, beside its samples.
inline constexpr std::size_t delegated_limit = 1'000;
/// The deepest path that is followed. Docker in Docker in a pod under systemd is 8.
inline constexpr std::size_t cgroup_depth_limit = 32;
/// The longest path that is listed. A container's in a pod under systemd has 250 bytes; the kernel allows 4 KiB, which
/// would stand in every series of the cgroup.
inline constexpr std::size_t cgroup_path_limit = 1024;
/// What the paths of those that others than root can have made take together, as JSON: 2,000 of 250 bytes. They stand
/// in every answer, once for each series or sample, and whoever has a subtree writes them.
inline constexpr std::size_t delegated_paths_bytes = 512UL << 10U;

struct cgroup_set {
    std::vector<std::string> paths;      ///< sorted bytewise, each once; "/" first
    std::vector<std::string> delegated;  ///< those of them that somebody else than root can have made; sorted
    bool truncated = false;              ///< a limit or the deadline ended the walk: others may exist
    std::uint64_t left_out = 0;          ///< that were seen and are not listed; what is below them is not counted

    [[nodiscard]] bool is_delegated(std::string_view path) const;
};

/// All directories of all hierarchies, except those whose names end in ".mount" (systemd makes one for each mount),
/// those whose names have control bytes or are no UTF-8 (they count as left out), and what is below them. One that
/// vanishes meanwhile is left out. Where there are more than cgroup_limit, those come first that only root can have
/// made; in turn by top-level directory, and of each the upper ones before the lower ones. Then those of others, in
/// turn by the directory that was handed over to them, up to delegated_limit and delegated_paths_bytes.
/// failure::unavailable when no cgroups are mounted or none of the hierarchies can be read (the first reason);
/// failure::cancelled once `abandoned` is raised. About 20 us a directory. Blocking: for pool threads.
result<cgroup_set> blocking_find_cgroups(const cgroup_layout& layout, deadline limit, const abandon_flag& abandoned);

}  // namespace nodescope::host
