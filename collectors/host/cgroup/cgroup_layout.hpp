// Which cgroup hierarchies the node has. A cgroup is named by its path below the mount,
// "/" for the root, the same in all hierarchies; it is there as long as one of them has it.
#pragma once

#include "core/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::host {

/// The v1 controllers whose hierarchies are looked at. v2 has one hierarchy for all of them.
enum class cgroup_controller : std::uint8_t {
    cpu,
    cpuacct,
    memory,
    cpuset,
    blkio,
    pids,
    devices,
    pressure,  ///< no controller: on v2 the files that every cgroup has, which hybrid nodes have beside v1
};
inline constexpr std::size_t cgroup_controller_count = 7;

enum class cgroup_version : std::uint8_t {
    none,  ///< no cgroups are mounted
    v1,    ///< hybrid nodes too: of a v2 mount beside v1 controllers only the pressures are read
    v2,
};

struct cgroup_layout {
    bool operator==(const cgroup_layout&) const = default;
    cgroup_version version = cgroup_version::none;
    std::string root = "/";                ///< where the node is seen from
    std::vector<std::string> hierarchies;  ///< mount points on the node, each once
    std::string pressure_mount;            ///< where the pressures are: v2, or what hybrid nodes have of it; or empty
    /// Index into `hierarchies`; -1: not mounted. On v2 all are 0.
    std::array<int, cgroup_controller_count> of_controller{-1, -1, -1, -1, -1, -1, -1};

    [[nodiscard]] int hierarchy(cgroup_controller controller) const noexcept
    {
        if (controller == cgroup_controller::pressure) return -1;
        return of_controller[static_cast<std::size_t>(controller)];
    }
};

/// The hierarchy in which every runtime makes a directory for a container, or the nearest to it.
int usual_hierarchy(const cgroup_layout& layout) noexcept;

/// Reads the layout off a mountinfo text (proc(5)). The first mount of a controller counts. Pure v2 is a cgroup2
/// filesystem as the last mount on /sys/fs/cgroup, or the only kind of cgroup mounts there is. Lines that are no mount
/// are skipped. Pure.
cgroup_layout parse_cgroup_mounts(std::string_view mountinfo, std::string_view root);

/// The same from <root>/proc/self/mountinfo, or <root>/proc/1/mountinfo when `root` is not "/": the node's table is
/// wanted, not ours. Failures as of read_file; a node without cgroups is not a failure. Blocking: for pool threads.
result<cgroup_layout> blocking_read_cgroup_layout(const std::string& root);

}  // namespace nodescope::host
