// Ends the reader's process when nobody has asked it for a while. Reactor thread only.
#pragma once

#include "collectors/host/reader/child_reader.hpp"
#include "core/deadline.hpp"
#include "core/task.hpp"
#include "core/task_group.hpp"
#include "core/worker_pool.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace nodescope::host {

class idle_reader {
public:
    /// A process costs some megabytes, and some milliseconds to start.
    static constexpr std::chrono::seconds default_idle{10};

    /// `pool` and `group` outlive it; it outlives what runs in the group.
    idle_reader(std::shared_ptr<child_reader> reader, worker_pool& pool, task_group& group,
                steady_clock::duration idle = default_idle)
        : reader_(std::move(reader)), pool_(pool), group_(group), idle_(idle)
    {
    }

    /// It was asked just now.
    void touch();

private:
    task<> end_when_idle();

    std::shared_ptr<child_reader> reader_;
    worker_pool& pool_;
    task_group& group_;
    steady_clock::duration idle_;
    steady_clock::time_point end_;
    bool waiting_ = false;
};

}  // namespace nodescope::host
