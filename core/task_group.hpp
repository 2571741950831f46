// Tracks spawned coroutines, so that shutdown can ask them to stop and wait for the last one. Reactor thread only.
#pragma once

#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/task.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace nodescope {

class task_group {
public:
    task_group(boost::asio::any_io_executor executor, logger& log);

    /// Starts `work`. An exception that leaves it is logged under `what` (a constant) and ends only that coroutine.
    void spawn(std::string_view what, task<> work);

    /// Sends `type` to every running child. Coroutines hear only `terminal` unless they ask for more.
    void cancel(boost::asio::cancellation_type type);

    /// Returns true when no child runs any more, false when `limit` passes first.
    task<bool> wait_until_empty(deadline limit);

    [[nodiscard]] std::size_t size() const noexcept;

private:
    struct impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace nodescope
