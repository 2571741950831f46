#include "server/run/watchdog.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace nodescope {

namespace asio = boost::asio;

namespace {

/// Every half would be enough for the manager (sd_watchdog_enabled(3)); twice as often, workers may miss one round with
/// jobs that are slow but sound.
constexpr int rounds_per_limit = 4;

}  // namespace

task<> watch_over(std::vector<worker_pool*> pools, std::chrono::microseconds limit, std::function<void()> alive)
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        if (std::all_of(pools.begin(), pools.end(), [](const worker_pool* pool) { return pool->any_present(); })) {
            alive();
            for (worker_pool* const pool : pools) pool->call_roll();
        }
        timer.expires_after(limit / rounds_per_limit);
        auto [cancelled] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (cancelled) co_return;
    }
}

}  // namespace nodescope
