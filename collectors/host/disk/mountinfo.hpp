// The node's mounts: the text of /proc/1/mountinfo, as the kernel writes it (proc(5)).
#pragma once

#include "core/error.hpp"
#include "core/files/root.hpp"

#include <cstddef>
#include <string>

namespace nodescope::host {

struct mountinfo {
    mountinfo() = default;
    std::string text;        ///< whole lines
    bool truncated = false;  ///< cut at the last whole line within the limit
};

/// Larger than any answer may be, smaller than what a node with a runaway number of mounts could make us hold.
inline constexpr std::size_t mountinfo_limit_bytes = 4UL * 1024UL * 1024UL;

/// Blocking: for pool threads. failure::denied names the missing capability (CAP_SYS_PTRACE).
result<mountinfo> blocking_read_mountinfo(const std::string& root, std::size_t limit_bytes = mountinfo_limit_bytes);

/// Where the mounts stand that can be reached through `root`: with a root other than "/" those of process 1, with "/"
/// our own.
files::place reachable_mounts(const std::string& root);

/// Its text. Otherwise as above.
result<mountinfo> blocking_read_reachable_mounts(const std::string& root);

}  // namespace nodescope::host
