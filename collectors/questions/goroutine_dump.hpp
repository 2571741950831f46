// Stack dumps of dockerd and containerd. Both are made by a signal to the daemon, so they are off unless configured.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/shared_calls.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace nodescope {

struct goroutine_dump_options {
    explicit goroutine_dump_options(std::function<steady_clock::duration()> t) : timeout(std::move(t)) {}
    std::function<steady_clock::duration()> timeout;  ///< of one dump that begins now, whoever asks for it
    bool enabled = false;
    std::string root = "/";
    std::string data_root;            ///< of this service: dumps go to dockerd-goroutine/ below it
    std::string docker_pid_file;      ///< below the root
    std::string docker_exec_root;     ///< below the root; where dockerd writes
    std::string containerd_pid_file;  ///< below the root; empty: found by its name
    std::string containerd_socket = "/run/containerd/containerd.sock";  ///< below the root; tells it from its namesakes
    std::string containerd_temporary_directory;                         ///< below the root; where containerd writes
    std::size_t dump_limit_bytes = 256UL * 1024UL * 1024UL;             ///< larger dumps are refused
    steady_clock::duration settle = std::chrono::milliseconds(100);     ///< between two looks at a growing file
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
    using dump_run = task<result<std::string>> (goroutine_dump_collector::*)(deadline);
    task<result<std::string>> shared_dump(std::string daemon, dump_run run, deadline limit);
    task<result<std::string>> run_dockerd_dump(deadline limit);
    task<result<std::string>> run_containerd_dump(deadline limit);

    worker_pool& pool_;
    goroutine_dump_options options_;
    shared_calls<std::string> calls_{options_.timeout};
};

}  // namespace nodescope
