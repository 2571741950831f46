// Containers by the kernel alone: which cgroups have a container's id in their names, which of them is meant, and which
// processes it has. No runtime is asked. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::host {

/// A cgroup with a container's id in its name.
struct container_place {
    std::string id;
    std::string mount;       ///< of the hierarchy it was found in, on the node
    std::string path;        ///< below the mount
    bool delegated = false;  ///< somebody else than root can have made it
    /// Of those whose id is in several places; else not looked at.
    std::chrono::sys_time<std::chrono::nanoseconds> created{};
};

/// How much of the tree is looked at. What a runtime makes is in the first hierarchy, which is several times faster.
enum class search_extent { one_hierarchy, all_hierarchies };

/// All of the node. Failures as of blocking_find_cgroups().
result<std::vector<container_place>> blocking_find_container_places(const std::string& root, search_extent extent,
                                                                    deadline limit, const abandon_flag& abandoned);

/// Of those with an id that is, or begins with, `reference` the one that is the container, by choose_container().
/// Places that somebody else than root can have made count only where root has none that fits: whoever has a subtree
/// could make every beginning of an id ambiguous. They count only for hexadecimal texts. failure::gone without any;
/// failure::conflict, naming two, where two ids fit, or two places of one id that others can have made. Pure.
result<container_place> choose_container_place(const std::vector<container_place>& all, std::string_view reference);

/// Whether a text may be a container's id or the beginning of one: 12 to 64 characters [0-9a-z].
bool may_be_container_id(std::string_view text) noexcept;

struct cgroup_process {
    pid_t pid = 0;
    pid_t parent = 0;
    std::uint64_t start_ticks = 0;  ///< since boot
    bool below = false;             ///< in a cgroup below the container's
};

/// The init process first: the oldest whose parent is not among them, so no process that was started in the container
/// later (`docker exec`). Then the others: those in the container's own cgroup before those below it, old ones first.
/// Cgroups below that are containers themselves (Docker in Docker) are left out. Empty when it has no process.
/// failure::timed_out, failure::cancelled.
result<std::vector<cgroup_process>> blocking_read_container_processes(const std::string& root,
                                                                      const container_place& where, deadline limit,
                                                                      const abandon_flag& abandoned);

/// Beyond these nobody looks for a container's first process: a container that forks without end costs no more.
inline constexpr std::size_t container_process_limit = 4096;
/// Cgroups below a container's: a systemd in it has some dozens.
inline constexpr std::size_t container_subgroup_limit = 256;

}  // namespace nodescope::host
