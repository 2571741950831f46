// The node's mounts: the text of /proc/PID/mountinfo and its lines as fields (proc(5), kernel fs/proc_namespace.c
// show_mountinfo).
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/files/root.hpp"
#include "core/task.hpp"
#include "core/text_scan.hpp"
#include "core/worker_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nodescope::host {

struct mountinfo {
    std::string text;        ///< whole lines
    bool truncated = false;  ///< cut at the last whole line within the limit
};

/// Larger than any answer may be, smaller than what a node with a runaway number of mounts could make us hold.
inline constexpr std::size_t mountinfo_limit_bytes = 4UL * 1024UL * 1024UL;

/// The mounts of process 1. Blocking: for pool threads. failure::denied names the missing capability (CAP_SYS_PTRACE).
result<mountinfo> blocking_read_mountinfo(const std::string& root, std::size_t limit_bytes = mountinfo_limit_bytes);

/// The same on a worker thread. `pool` outlives the call.
task<result<mountinfo>> read_mountinfo(worker_pool& pool, std::string root, deadline limit);

/// Where the mounts stand that can be reached through `root`: with a root other than "/" those of process 1, with "/"
/// our own.
files::place reachable_mounts(const std::string& root);

/// Their text. Failures as above.
result<mountinfo> blocking_read_reachable_mounts(const std::string& root);

/// What we use of a line. Views into the text; `root`, `mountpoint` and `source` as the kernel escapes them.
struct mount_line {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::string_view root;  ///< what of the filesystem is mounted: "/", and "net:[4026531840]" of nsfs
    std::string_view mountpoint;
    std::string_view type;
    std::string_view source;  ///< may be empty
    std::string_view super_options;
};

/// None when the line is no mount. Pure.
std::optional<mount_line> parse_mount_line(std::string_view line);

/// Undoes \040 and the like: blank, tab, newline, backslash, '#'. Pure.
std::string unescape_mount(std::string_view text);

/// Calls `visit` with each mount; malformed lines are skipped. Pure.
template <class Visit>
void for_each_mount(std::string_view mountinfo, Visit visit)
{
    for_each_line(mountinfo, [&](std::string_view line) {
        if (const auto mount = parse_mount_line(line)) visit(*mount);
        return true;
    });
}

}  // namespace nodescope::host
