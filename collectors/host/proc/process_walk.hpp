// One walk over all processes of <root>/proc, and the clock that turns their ticks into times. Blocking: for pool
// threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/files/directory.hpp"
#include "core/files/root.hpp"
#include "core/worker_pool.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::host {

struct node_clock {
    std::int64_t boot_seconds = 0;  ///< since 1970
    std::uint64_t uptime_centiseconds = 0;
    std::uint64_t ticks_per_second = 100;

    [[nodiscard]] double seconds(std::uint64_t ticks) const noexcept
    {
        return static_cast<double>(ticks) / static_cast<double>(ticks_per_second);
    }
    /// How long ago that was; below 0 for what began after the clock was read.
    [[nodiscard]] double age_seconds(std::uint64_t start_ticks) const noexcept
    {
        return static_cast<double>(uptime_centiseconds) / 100.0 - seconds(start_ticks);
    }
};
result<node_clock> blocking_read_clock(const std::string& root);

/// When the node was booted, in seconds since 1970, by <root>/proc/stat.
result<std::int64_t> blocking_read_boot_time(const std::string& root);

/// A process as /proc lists it.
struct process_entry {
    pid_t pid;
    ino_t entry;  ///< of its directory: another process with this number gets another
};
/// By number. `where` is what `proc` was opened at, for sentences.
result<std::vector<process_entry>> blocking_list_processes(files::directory& proc, const files::place& where);

/// A process under the walk. All reads go through one descriptor, so that all files are those of one process even
/// when its number is reused.
struct walked_process {
    pid_t pid;
    int directory;          ///< /proc/PID, for read_file_at
    std::string_view name;  ///< the number as text, for sentences
    std::size_t to_come;    ///< processes after this one
};

struct process_walk {
    std::size_t total = 0;        ///< process directories seen
    std::size_t not_visited = 0;  ///< of those, beyond the limit
};

/// Calls `visit` for each process, by number, until it has kept (returned true for) `process_limit` of them. `what`
/// stands before failures: failure::denied or failure::gone when /proc cannot be read (wrong --root),
/// failure::timed_out with the number of processes read so far, failure::cancelled when `abandoned` is raised.
result<process_walk> blocking_walk_processes(const std::string& root, std::string_view what, std::size_t process_limit,
                                             deadline limit, const abandon_flag& abandoned,
                                             const std::function<bool(const walked_process&)>& visit);

}  // namespace nodescope::host
