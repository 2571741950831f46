// Runs one coroutine to its end on a fresh reactor. A hang becomes a failure with a name.
#pragma once

#include "core/task.hpp"
#include "tests/support/run_until.hpp"

#include <boost/asio/io_context.hpp>

#include <optional>
#include <utility>

namespace nodescope::testing {

/// Compiled once: what a spawned coroutine costs the compiler is most of what a test file takes.
void run_task(boost::asio::io_context& reactor, task<> work);

template <class T>
task<> keep_result(task<T> work, std::optional<T>& result)
{
    result.emplace(co_await std::move(work));
}

template <class T>
T run_task(boost::asio::io_context& reactor, task<T> work)
{
    std::optional<T> result;
    run_task(reactor, keep_result(std::move(work), result));
    return std::move(*result);
}

template <class T>
T run_task(task<T> work)
{
    boost::asio::io_context reactor(1);
    return run_task(reactor, std::move(work));
}

}  // namespace nodescope::testing
