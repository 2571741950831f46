// All containers of the node that have a process, by the cgroup tree: no runtime is asked. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nodescope {

/// A container, and its first process.
struct running_container {
    std::string id;
    pid_t pid = 0;
    std::uint64_t start_ticks = 0;
    bool delegated = false;  ///< somebody else than root can have made its cgroup
};

struct running_containers {
    running_containers() = default;
    std::vector<running_container> all;  ///< by id
    std::string note;                    ///< what is missing
};

/// More are not looked for.
inline constexpr std::size_t running_container_limit = 4000;

/// `before`: what was found the last time, by id. Of those whose process lives nothing else is read. Where the cgroups
/// cannot be read, or time runs out, there are fewer and the note says why.
running_containers blocking_find_running_containers(const std::string& root,
                                                    const std::vector<running_container>& before, deadline limit,
                                                    const abandon_flag& abandoned);

}  // namespace nodescope
