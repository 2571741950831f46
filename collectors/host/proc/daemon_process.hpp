// Finds a daemon of the node (dockerd, containerd) and signals it, with care: a wrong process would die of the signal.
// Blocking: for pool threads.
#pragma once

#include "collectors/host/proc/process_handle.hpp"
#include "core/error.hpp"

#include <string>
#include <string_view>

namespace nodescope::host {

/// The process called `name`: by the number in `pid_file` (a path below the root; empty: none) when that file exists,
/// otherwise the one process of the root's /proc with that name and an executable of that name, in the outermost
/// process namespace (a dockerd inside a container is not the node's). failure::gone when there is none,
/// failure::conflict when the file names something else or there are several.
result<process_handle> find_daemon(const std::string& root, std::string_view name, const std::string& pid_file);

/// Sends `signal_number` through the pidfd. failure::conflict when the process does not handle that signal: its
/// default action could end it. failure::unavailable without a pidfd, failure::denied naming CAP_KILL.
result<void> signal_daemon(const process_handle& daemon, std::string_view name, int signal_number);

}  // namespace nodescope::host
