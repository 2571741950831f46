// How many threads of a container are in uninterruptible sleep, from /proc alone: the kernel counts them for nobody on
// cgroup v1 and v2.
#pragma once

#include "collectors/findings/load_model.hpp"
#include "collectors/host/cgroup/container_search.hpp"
#include "collectors/network/part_source.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace nodescope {

/// More are not looked at: some 10 us each.
inline constexpr std::size_t looked_at_tasks = 4096;

/// Of the threads of these processes, which may end meanwhile. Where the limit or the deadline is reached before the
/// last, `missing` says so. Blocking: for pool threads.
findings::task_load blocking_count_tasks(const std::string& root, const std::vector<host::cgroup_process>& processes,
                                         deadline limit, const abandon_flag& abandoned);

/// Of the container whose network it is. `missing` says why where there is none, its processes are not to be seen, or
/// it is paused: a frozen task of cgroup v1 looks like one that hangs.
findings::task_load blocking_read_container_tasks(const part_source& source);

}  // namespace nodescope
