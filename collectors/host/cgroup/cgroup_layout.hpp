// Which cgroup hierarchies the node has, which cgroups are in them, and since when. A cgroup is
// named by its path below the mount, "/" for the root, the same in all hierarchies; it is there as long as one of them
// has it. Reading what a cgroup used is cgroup_reader's.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::host {

/// The v1 controllers whose hierarchies are looked at. v2 has one hierarchy for all of them.
enum class cgroup_controller : std::uint8_t { cpu, cpuacct, memory, cpuset, blkio, pids, devices };
inline constexpr std::size_t cgroup_controller_count = 7;

enum class cgroup_version : std::uint8_t {
    none,  ///< no cgroups are mounted
    v1,    ///< hybrid nodes too: a v2 mount beside v1 controllers is left alone
    v2,
};

struct cgroup_layout {
    cgroup_layout() = default;
    bool operator==(const cgroup_layout&) const = default;
    cgroup_version version = cgroup_version::none;
    std::string root = "/";                ///< where the node is seen from
    std::vector<std::string> hierarchies;  ///< mount points on the node, each once
    /// Index into `hierarchies`; -1: not mounted. On v2 all are 0.
    std::array<int, cgroup_controller_count> of_controller{-1, -1, -1, -1, -1, -1, -1};

    [[nodiscard]] int hierarchy(cgroup_controller controller) const noexcept
    {
        return of_controller[static_cast<std::size_t>(controller)];
    }
};

/// Reads the layout off a mountinfo text (proc(5)). The first mount of a controller counts. Pure v2 is a cgroup2
/// filesystem as the last mount on /sys/fs/cgroup, or the only kind of cgroup mounts there is. Lines that are no mount
/// are skipped. Pure.
cgroup_layout parse_cgroup_mounts(std::string_view mountinfo, std::string_view root);

/// The same from <root>/proc/self/mountinfo, or <root>/proc/1/mountinfo when `root` is not "/": the node's table is
/// wanted, not ours. Failures as of read_file; a node without cgroups is none. Blocking: for pool threads.
result<cgroup_layout> blocking_read_cgroup_layout(const std::string& root);

/// The most cgroups that are listed. A node with 500 pods has about 2000. Each takes 20 KB while it is sampled, and a
/// user with a systemd session of their own may make as many as they like.
inline constexpr std::size_t cgroup_limit = 8'000;
/// The deepest path that is followed. Docker in Docker in a pod under systemd is 8.
inline constexpr std::size_t cgroup_depth_limit = 32;

struct cgroup_set {
    cgroup_set() = default;
    std::vector<std::string> paths;  ///< sorted bytewise, each once; "/" first
    bool truncated = false;          ///< a limit or the deadline ended the walk: others may exist
};

/// All directories of all hierarchies, except those whose names end in ".mount" (systemd makes one for each mount) and
/// what is below them. One that vanishes meanwhile is left out. failure::unavailable when no cgroups are mounted or
/// none of the hierarchies can be read (the first reason); failure::cancelled once `abandoned` is raised. About 20 us a
/// directory. Blocking: for pool threads.
result<cgroup_set> blocking_find_cgroups(const cgroup_layout& layout, deadline limit, const abandon_flag& abandoned);

}  // namespace nodescope::host
