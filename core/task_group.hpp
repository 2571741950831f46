// Tracks spawned coroutines, so that shutdown can ask them to end and wait for the last one. Reactor thread only.
#pragma once

#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/task.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace nodescope {

class task_group {
public:
    task_group(boost::asio::any_io_executor executor, logger& log);

    /// Starts `work`. An exception that leaves it is logged under `what` (a constant) and ends only that coroutine.
    /// Once stop() was called, `work` is dropped before it has begun.
    void spawn(std::string_view what, task<> work);

    /// Asks all children to end, by terminal cancellation, and waits for the last one. False when `limit` passes first:
    /// each child that runs on is logged, and its frame is destroyed with the reactor. Not to be called by a child.
    task<bool> stop(deadline limit);

    [[nodiscard]] std::size_t size() const noexcept;

private:
    struct impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace nodescope
