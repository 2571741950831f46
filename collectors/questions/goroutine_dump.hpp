// Stack dumps of dockerd and containerd. Both are made by a signal to the daemon, so they are off unless configured.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/shared_calls.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace nodescope {

struct goroutine_dump_options {
    goroutine_dump_options() = default;
    bool enabled = false;
    std::string root = "/";
    std::string data_root = "/var/lib/nodescope";         ///< of this service: dumps go to dockerd-goroutine/ below it
    std::string docker_pid_file = "/var/run/docker.pid";  ///< below the root
    std::string docker_exec_root = "/var/run/docker";     ///< below the root; where dockerd writes
    std::string containerd_pid_file;                      ///< below the root; empty: found by its name
    std::string containerd_temporary_directory = "/tmp";  ///< below the root; where containerd writes
    steady_clock::duration timeout = std::chrono::seconds(30);       ///< of one dump, whoever asks for it
    std::size_t dump_limit_bytes = 256UL * 1024UL * 1024UL;          ///< larger dumps are refused
    steady_clock::duration settle = std::chrono::milliseconds(100);  ///< between two looks at a growing file
};

/// Reactor thread only. Outlives its calls. Requests for the same daemon at the same time share one dump.
class goroutine_dump_collector {
public:
    goroutine_dump_collector(worker_pool& pool, goroutine_dump_options options);

    /// Makes dockerd write its stacks, waits until the file has stopped growing, moves it below the data root and
    /// gives its path there. failure::disabled when switched off; failure::timed_out names what was waited for.
    task<result<std::string>> dump_dockerd(deadline limit);

    /// Makes containerd write its stacks and gives the time of the dump, RFC 3339.
    task<result<std::string>> dump_containerd(deadline limit);

private:
    task<result<std::string>> run_dockerd_dump(deadline limit);
    task<result<std::string>> run_containerd_dump(deadline limit);

    worker_pool& pool_;
    goroutine_dump_options options_;
    shared_calls<std::string> calls_{options_.timeout};
};

}  // namespace nodescope
