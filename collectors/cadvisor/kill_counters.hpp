// The kernel's counters of out-of-memory kills, of the cgroups that its log names. A line of the log is only a
// hint where to look at once: a cgroup is removed within milliseconds after its last process was killed, and its
// counter with it. Blocking: for pool threads.
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "collectors/host/cgroup/cgroup_files.hpp"
#include "collectors/host/cgroup/cgroup_reader.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace nodescope::cadvisor {

/// A cgroup that is there.
struct named_cgroup {
    std::optional<host::oom_kill_counts> kills;
    bool delegated = false;  ///< somebody else than root can have made it
    time_point created;
};

struct kill_counters {
    std::shared_ptr<host::cgroup_tree> tree;
    std::optional<bool> kernel_counts;       ///< none: there is no counter on this node, as far as was looked
    std::map<std::string, named_cgroup> of;  ///< by path; those that are gone, or never were, are not in it
};

/// Reads only those, through `tree`, which is opened if it is null. failure::unavailable without cgroups.
result<kill_counters> blocking_read_kill_counters(std::shared_ptr<host::cgroup_tree> tree, const std::string& root,
                                                  const std::set<std::string>& paths, deadline limit,
                                                  const abandon_flag& abandoned);

}  // namespace nodescope::cadvisor
