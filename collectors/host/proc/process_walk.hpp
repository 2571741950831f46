// One walk over all processes of <root>/proc, and the clock that turns their ticks into times. Blocking: for pool
// threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

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

/// A process under the walk. All reads go through one descriptor, so that all files are those of one process even
/// when its number is reused.
struct walked_process {
    pid_t pid;
    int directory;          ///< /proc/PID, for read_file_at
    std::string_view name;  ///< the number as text, for sentences
};

struct process_walk {
    std::size_t total = 0;   ///< process directories seen
    bool truncated = false;  ///< there may be more than the limit
};

/// Calls `visit` for each process, by number, until it has kept (returned true for) `process_limit` of them. `what`
/// stands before failures: failure::denied or failure::gone when /proc cannot be read (wrong --root),
/// failure::timed_out with the number of processes read so far, failure::cancelled when `abandoned` is raised.
result<process_walk> blocking_walk_processes(const std::string& root, std::string_view what, std::size_t process_limit,
                                             deadline limit, const abandon_flag& abandoned,
                                             const std::function<bool(const walked_process&)>& visit);

}  // namespace nodescope::host
