// Follows the kernel's log for out-of-memory kills, from now on. Where the log cannot be read (no CAP_SYSLOG, a
// container without /dev/kmsg) that is logged once, and kills are counted without names.
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "collectors/cadvisor/oom_messages.hpp"
#include "core/log.hpp"
#include "core/task.hpp"

#include <functional>
#include <string>

namespace nodescope::cadvisor {

/// Calls `tell` for each kill until it is cancelled or the log ends. Costs nothing while the kernel is silent. All that
/// is referenced by `tell` and `log` outlive it. Reactor thread only: reads of the log do not wait.
task<> follow_kernel_log(std::string root, logger& log, std::function<void(const oom_kill&, time_point)> tell);

/// The most records in that time: a kernel that chatters (netfilter's LOG) does not take the reactor with it.
inline constexpr int kernel_log_burst = 256;
inline constexpr std::chrono::milliseconds kernel_log_window{100};
/// The least time between two reads. Short: a container's cgroup is removed some 10 ms after its first process was
/// killed, and its counter with it.
inline constexpr std::chrono::milliseconds kernel_log_pause{1};

}  // namespace nodescope::cadvisor
