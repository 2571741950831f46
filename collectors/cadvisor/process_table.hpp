// The processes of a cgroup as ps(1) shows them, for cAdvisor's request `ps`, read from <root>/proc.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/shared_calls.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::cadvisor {

struct process_row {
    std::string user;  ///< of the node's passwd; the number of one that has no name
    pid_t pid = 0;
    pid_t parent = 0;
    std::string start_time;               ///< "23:27", "Nov20" or "2025"
    float percent_cpu = 0;                ///< of one CPU over the process's lifetime, cut to tenths
    float percent_memory = 0;             ///< of the node's memory, cut to tenths
    std::uint64_t rss = 0;                ///< bytes
    std::uint64_t vms = 0;                ///< bytes
    std::string status;                   ///< "Ss", "I<", "Rl+"
    std::string running_time;             ///< "[DD-]HH:MM:SS" of CPU time
    std::string cgroup_path;              ///< empty unless all were asked for and there was room
    std::string command;                  ///< its name, at most 15 bytes
    std::optional<std::size_t> fd_count;  ///< none: they may not be looked at
    int cpu = 0;                          ///< where it ran last
};

struct process_table {
    std::vector<process_row> rows;  ///< by process number
    /// Of rows that are shown without: cgroups whose paths are too long (anybody who may make cgroups can write them).
    std::size_t paths_left_out = 0;
};

struct process_table_options {
    process_table_options() = default;
    std::string root = "/";
    /// The most processes in one answer, and so about 10 MB of it, and 8 MB of ordinary paths.
    std::size_t process_limit = 32'768;
    /// A path that takes no more as JSON is always shown; those of Kubernetes with systemd have 230.
    std::size_t ordinary_path_bytes = 256;
    /// What all longer ones may take together, as JSON. Beyond it, and beyond what is looked at of any cgroup
    /// (host::cgroup_path_limit), the row is shown without its path.
    std::size_t long_paths_bytes = 4UL * 1024UL * 1024UL;
};

/// Those in `cgroup` and below it, except in containers there; for "/" all, each with its cgroup. A process that ends
/// meanwhile is left out. Failures as of blocking_walk_processes. Blocking: for pool threads.
result<process_table> blocking_read_process_table(const process_table_options& options, const std::string& cgroup,
                                                  deadline limit, const abandon_flag& abandoned);

/// Reactor thread only. Outlives its calls.
class process_table_collector {
public:
    process_table_collector(worker_pool& pool, process_table_options options, steady_clock::duration timeout)
        : pool_(pool), options_(std::move(options)), walks_(timeout)
    {
    }

    /// As above, on a worker thread, bounded by `limit` and by the timeout; one walk for all who ask for a cgroup at
    /// the same time.
    task<result<std::shared_ptr<const process_table>>> collect(std::string cgroup, deadline limit);

private:
    task<result<std::shared_ptr<const process_table>>> walk(std::string cgroup, deadline limit);

    worker_pool& pool_;
    process_table_options options_;
    shared_calls<std::shared_ptr<const process_table>> walks_;
};

}  // namespace nodescope::cadvisor
