// Files of /proc/sys/net as they are in another network namespace. Blocking: for pool threads.
#pragma once

#include "core/error.hpp"
#include "netlink/net_namespace.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::netlink {

/// The texts of the files at these paths below /proc/sys/net, none where there is no such file, without the end of the
/// line. At most 64 paths. Failures are those of run_in(), and failure::unavailable without /proc/sys/net.
///
/// The files are opened inside the namespace and read outside. A directory that was opened there leads to its files
/// from outside too, but slower and slower: the kernel does not find an entry that it has made for such a look-up again
/// (proc_sys_compare in fs/proc/proc_sysctl.c takes those of the thread's own namespace only), makes another each time,
/// and keeps them all. After 20,000 look-ups one took 6 ms instead of 2 us (Linux 6.18).
result<std::vector<std::optional<std::string>>> blocking_read_sysctls(const net_namespace& home,
                                                                      const net_namespace& target,
                                                                      std::span<const std::string_view> paths);

}  // namespace nodescope::netlink
