// Runs a task under a deadline. The one place where an operation races a timer.
#pragma once

#include "core/deadline.hpp"
#include "core/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <utility>

namespace nodescope {

/// Awaits `operation`; when `limit` passes first, cancels it, waits for it to unwind (it must react to cancellation)
/// and returns `describe()`, an error made at that moment so that it can name the phase the operation was in.
/// What `operation` throws is rethrown. When the awaiting coroutine itself is cancelled, the operation is cancelled
/// too, and what it returned or threw is passed on. `describe` must stay valid until the call returns: pass a lambda
/// object by reference (g++ 12, rule 1).
template <class T, class Describe>
task<result<T>> with_deadline(task<result<T>> operation, deadline limit, const Describe& describe)
{
    namespace asio = boost::asio;
    auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, limit.at());
    auto [order, thrown, value, timer_error] =
        co_await asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(operation), asio::deferred),
                                                         timer.async_wait(asio::deferred))
            .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    if (order[0] == 1 && !timer_error) co_return describe();
    if (thrown) std::rethrow_exception(thrown);
    co_return std::move(value);
}

}  // namespace nodescope
