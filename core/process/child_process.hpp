// One child process, made to be harmless: nothing of ours leaks into it, it cannot outlive us, grow or gain privileges,
// and it is killed and reaped with all it started. Only the process: its output is read by program_runner.
#pragma once

#include "core/error.hpp"
#include "core/process/sandbox.hpp"
#include "core/unique_fd.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {

struct program {
    std::string path;                    ///< absolute; its last part becomes argv[0], which multi-call binaries go by
    std::vector<std::string> arguments;  ///< after argv[0]
    std::shared_ptr<const sandbox> confined = nullptr;  ///< with these rights; none: with ours
    int input = -1;  ///< what becomes descriptor 0 instead of /dev/null; it stays the caller's
};

/// What a helper needs at most. Beyond it, memory is refused to it, and time of a processor ends it with SIGXCPU.
struct process_limits {
    /// 8,000 ordinary rules need 13 MiB. Two helpers at once, and their pages in the kernel, leave the service more
    /// than half of the 256 MiB that the unit and the chart give both together.
    std::size_t address_space = 48UL * 1024UL * 1024UL;
    /// Standard streams, sockets, and libraries while they are loaded: under ten.
    std::size_t open_files = 64;
    /// Ends what goes on computing although nobody is there to kill it at its deadline (5 s), as when we are stopped.
    std::chrono::seconds processor_time{10};
};

/// How a process ended: exactly one of the two is set.
struct process_end {
    std::optional<int> status;
    std::optional<int> signal;
};

/// Refuses what somebody other than root could have put there: a program that root does not own or that the group or
/// others may write to, or that is in such a folder. Symbolic links are followed and their target is checked.
/// failure::unavailable when it is missing or not executable, failure::denied when it is refused.
result<void> check_program(const std::string& path);

class child_process {
public:
    /// Starts `what`. The child gets descriptors 0 (`input`), 1 and 2 (pipes to us) and no other, an environment of
    /// LC_ALL=C and a fixed PATH, a process group of its own, default signal dispositions and an empty mask, no new
    /// privileges, the limits, no core dumps, the first place among those that the kernel kills where memory runs out,
    /// and SIGKILL when the THREAD that calls this ends: call it from a thread that lives as long as the process does
    /// (a pool thread). It starts in the calling thread's namespaces. Blocks for about half a millisecond. Fails with
    /// the errno of the step that failed, named.
    static result<child_process> spawn(const program& what, const process_limits& limits = {});

    child_process(child_process&& other) noexcept;
    child_process& operator=(child_process&&) = delete;
    /// Kills the group of a child that was not reaped and waits for it, briefly.
    ~child_process();

    /// SIGKILL to the child and everything in its group. Valid until the child is reaped: only after that may the
    /// kernel give its number, and that of the group, to others.
    void kill_group() noexcept;
    /// Without blocking: how it ended, or nothing while it has not. To be called until it returns something. What an
    /// ended child has left behind in its group is killed first, while the group's number is still its own.
    std::optional<process_end> try_reap() noexcept;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Readable once the process has ended; -1 where the kernel has no pidfd_open (before 5.3).
    [[nodiscard]] int exit_descriptor() const noexcept { return exit_.get(); }
    [[nodiscard]] unique_fd take_exit_descriptor() noexcept { return std::move(exit_); }
    /// The ends of the pipes, non-blocking; the caller takes them over.
    [[nodiscard]] unique_fd take_output() noexcept { return std::move(output_); }
    [[nodiscard]] unique_fd take_errors() noexcept { return std::move(errors_); }

private:
    child_process(pid_t pid, unique_fd output, unique_fd errors);

    pid_t pid_ = -1;
    unique_fd exit_;
    unique_fd output_;
    unique_fd errors_;
};

}  // namespace nodescope
