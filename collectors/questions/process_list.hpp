// The processes of the node, read from <root>/proc.
#pragma once

#include "collectors/host/proc/proc_text.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace nodescope {

struct process_entry {
    process_entry() = default;
    host::process_stat stat;
    host::process_status status;
    /// For a process without arguments (a kernel thread, a zombie) its name in brackets, as ps shows it.
    std::vector<std::string> command;
    bool command_truncated = false;  ///< the command line is longer than `command_limit_bytes`
    std::string create_time;         ///< RFC 3339, UTC
    double cpu_percent = 0;          ///< since the process began; 100 is one core
};

struct process_list {
    process_list() = default;
    std::vector<process_entry> processes;  ///< by process number
    std::size_t total = 0;   ///< process directories seen; more than `processes` when some ended meanwhile
    bool truncated = false;  ///< there were more than `process_limit`
};

struct process_list_options {
    process_list_options() = default;
    std::string root = "/";
    std::size_t process_limit = 32'768;
    std::size_t command_limit_bytes = 128UL * 1024UL;
};

/// Reads every process once. One that ends meanwhile is left out; one whose texts cannot be read is, too, and counted
/// in `total`. failure::denied or failure::gone when /proc itself cannot be read (wrong --root), failure::timed_out
/// with the number read so far, failure::cancelled when `abandoned` is raised. Blocking: for pool threads.
result<process_list> blocking_read_processes(const process_list_options& options, deadline limit,
                                             const abandon_flag& abandoned);

/// Reactor thread only. Outlives its calls.
class process_list_collector {
public:
    process_list_collector(worker_pool& pool, process_list_options options) : pool_(pool), options_(std::move(options))
    {
    }

    /// As above, on a worker thread.
    task<result<process_list>> collect(deadline limit);

private:
    worker_pool& pool_;
    process_list_options options_;
};

/// A JSON array, each element with pid, ppid, tgid, command, status, createTime, cpuPercent, nice and memoryInfo {rss,
/// vms, hwm, data, stack, locked, swap}; and "commandTruncated": true where it is.
std::string process_list_json(const process_list& list);

}  // namespace nodescope
