// The processes of the node, read from <root>/proc.
#pragma once

#include "collectors/host/proc/process_walk.hpp"
#include "collectors/host/reader/process_reader.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/shared_calls.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace nodescope {

struct process_list {
    process_list() = default;
    /// A JSON array by process number, each element with pid, ppid, tgid, command, status, createTime, cpuPercent, nice
    /// and memoryInfo {rss, vms, hwm, data, stack, locked, swap}; "commandTruncated": true where the command line goes
    /// on; "commandError" where it could not be read, with the reason. For a process without arguments (a kernel
    /// thread, a zombie), or whose command line could not be read, the command is its name in brackets, as ps shows it.
    std::string json;
    std::size_t shown = 0;     ///< elements
    std::size_t left_out = 0;  ///< processes for which there was no room; the list is truncated
    std::size_t unread = 0;    ///< command lines that could not be read
};

struct process_list_options {
    explicit process_list_options(steady_clock::duration t) : timeout(t) {}
    std::string root = "/";
    std::size_t process_limit = 32'768;
    /// Of the list as it stands in an answer, as a JSON string. Where many processes have long command lines, those are
    /// cut shorter, so that no process is left out because of them.
    std::size_t limit_bytes = 8UL * 1024UL * 1024UL;
    steady_clock::duration timeout;  ///< of one pass, whoever asks
};

/// Reads every process once. One that ends meanwhile, or whose texts cannot be read, is left out silently.
/// failure::denied or failure::gone when /proc itself cannot be read (wrong --root), failure::timed_out
/// with the number read so far, failure::cancelled when `abandoned` is raised. Processes whose command line hangs are
/// waited for during half of the time at most. Blocking: for pool threads.
result<process_list> blocking_read_processes(const process_list_options& options, host::process_reader& reader,
                                             deadline limit, const abandon_flag& abandoned);

struct process_list_statistics {
    process_list_statistics() = default;
    std::uint64_t left_out = 0;
    std::uint64_t unread = 0;
};

/// Reactor thread only. Outlives its calls.
class process_list_collector {
public:
    /// `used` is called when a pass has ended, on the reactor.
    process_list_collector(worker_pool& pool, std::shared_ptr<host::process_reader> reader,
                           process_list_options options, std::function<void()> used = {})
        : pool_(pool),
          reader_(std::move(reader)),
          options_(std::move(options)),
          used_(std::move(used)),
          calls_(options_.timeout)
    {
    }

    /// As above, on a worker thread; one pass for all who ask at the same time.
    task<result<std::shared_ptr<const process_list>>> collect(deadline limit);

    /// Sums over all passes.
    [[nodiscard]] const process_list_statistics& statistics() const noexcept { return statistics_; }

private:
    task<result<std::shared_ptr<const process_list>>> read_all(deadline limit);

    worker_pool& pool_;
    std::shared_ptr<host::process_reader> reader_;
    process_list_options options_;
    std::function<void()> used_;
    process_list_statistics statistics_;
    shared_calls<std::shared_ptr<const process_list>> calls_;
};

}  // namespace nodescope
