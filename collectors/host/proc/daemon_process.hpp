// Finds a daemon of the node (dockerd, containerd) and signals it, with care: a wrong process would die of the signal.
// Blocking: for pool threads.
#pragma once

#include "collectors/host/proc/process_handle.hpp"
#include "core/error.hpp"

#include <string>
#include <string_view>

namespace nodescope::host {

/// The process called `name`: by the number in `pid_file` (a path below the root; empty: none) when that file exists,
/// otherwise by name among the root's /proc. Anybody can call a process like that, so it must be root's (or the
/// service's own user's), and the pid file and its directory nobody else's to write. Found by name, its executable must
/// have the name, and it must be in the outermost process namespace and in no container's cgroup. Of several the one
/// that listens on `socket` (a path below the root; empty: none). failure::gone when there is none, failure::conflict
/// when the file names something else or there are several, failure::denied when the file or the process is another
/// user's.
result<process_handle> find_daemon(const std::string& root, std::string_view name, const std::string& pid_file,
                                   const std::string& socket = {});

/// Sends `signal_number` through the pidfd. failure::conflict when the process does not handle that signal: its
/// default action could end it. failure::unavailable without a pidfd, failure::denied naming CAP_KILL.
result<void> signal_daemon(const process_handle& daemon, std::string_view name, int signal_number);

}  // namespace nodescope::host
