// Coroutines that wait for something that other coroutines of the reactor thread bring about.
#pragma once

#include "core/deadline.hpp"
#include "core/task.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <memory>
#include <vector>

namespace nodescope {

class waiters {
public:
    /// Until `done()`, which is asked now and at each wake(), or `limit` passes. Cancellation ends the wait, and the
    /// caller hears of it when it waits next. May be destroyed while somebody waits, if the reactor does not run on.
    template <class Done>
    task<> wait(deadline limit, Done done);

    void wake()
    {
        for (boost::asio::steady_timer* const timer : *timers_) timer->cancel();
    }

private:
    // Shared with frames that are destroyed after this object when the reactor ends.
    using timer_list = std::vector<boost::asio::steady_timer*>;
    std::shared_ptr<timer_list> timers_ = std::make_shared<timer_list>();
};

template <class Done>
task<> waiters::wait(deadline limit, Done done)
{
    namespace asio = boost::asio;
    if (done()) co_return;
    const auto all = timers_;
    asio::steady_timer timer(co_await asio::this_coro::executor, limit.at());
    all->push_back(&timer);
    const bool throwing = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    bool over = false;
    while (!over && !done()) {
        const auto [woken] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        const auto state = co_await asio::this_coro::cancellation_state;
        over = !woken || state.cancelled() != asio::cancellation_type::none;
    }
    co_await asio::this_coro::throw_if_cancelled(throwing);
    std::erase(*all, &timer);
}

}  // namespace nodescope
