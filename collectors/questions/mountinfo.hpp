// The node's mounts: the text of /proc/1/mountinfo, as the kernel writes it (proc(5)).
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <cstddef>
#include <string>
#include <utility>

namespace nodescope {

struct mountinfo {
    mountinfo() = default;
    std::string text;        ///< whole lines
    bool truncated = false;  ///< cut at the last whole line within the limit
};

/// Larger than any answer may be, smaller than what a node with a runaway number of mounts could make us hold.
inline constexpr std::size_t mountinfo_limit_bytes = 4UL * 1024UL * 1024UL;

/// Blocking: for pool threads. failure::denied names the missing capability (CAP_SYS_PTRACE).
result<mountinfo> blocking_read_mountinfo(const std::string& root, std::size_t limit_bytes = mountinfo_limit_bytes);

/// The mounts that can be reached from here by putting `root` in front: below a root other than "/" those of process
/// 1, below "/" our own. Otherwise as above.
result<mountinfo> blocking_read_reachable_mounts(const std::string& root);

/// Reactor thread only. Outlives its calls.
class mountinfo_collector {
public:
    mountinfo_collector(worker_pool& pool, std::string root) : pool_(pool), root_(std::move(root)) {}

    /// As above, on a worker thread.
    task<result<mountinfo>> collect(deadline limit);

private:
    worker_pool& pool_;
    std::string root_;
};

}  // namespace nodescope
