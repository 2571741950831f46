// Runs one coroutine to its end on a fresh reactor. A hang becomes a failure with a name.
#pragma once

#include "core/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace nodescope::testing {

/// Longer than any deadline a test sets: it only turns a hang into a failure.
inline constexpr std::chrono::seconds hang_limit{20};

template <class T>
T run_task(boost::asio::io_context& reactor, task<T> work)
{
    std::optional<T> value;
    std::exception_ptr thrown;
    bool ended = false;
    boost::asio::co_spawn(reactor, std::move(work), [&](std::exception_ptr failed, T result) {
        thrown = failed;
        value.emplace(std::move(result));
        ended = true;
    });
    reactor.restart();
    const auto give_up = std::chrono::steady_clock::now() + hang_limit;
    while (!ended && std::chrono::steady_clock::now() < give_up) reactor.run_one_until(give_up);
    if (!ended) throw std::runtime_error("the coroutine did not end: it hangs");
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*value);
}

template <class T>
T run_task(task<T> work)
{
    boost::asio::io_context reactor(1);
    return run_task(reactor, std::move(work));
}

}  // namespace nodescope::testing
