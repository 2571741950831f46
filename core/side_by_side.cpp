#include "core/side_by_side.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>

namespace nodescope {

namespace asio = boost::asio;

task<> side_by_side(std::vector<task<>> works)
{
    if (works.empty()) co_return;
    if (works.size() == 1) {
        // Most nodes have one runtime: beside nobody, a coroutine of its own would only cost.
        task<> only = std::move(works.front());
        co_await std::move(only);
        co_return;
    }
    const auto executor = co_await asio::this_coro::executor;
    const auto started = [&executor](task<>& work) {
        return asio::co_spawn(executor, std::move(work), asio::deferred);
    };
    std::vector<decltype(started(works.front()))> all;
    all.reserve(works.size());
    for (task<>& work : works) all.push_back(started(work));
    auto [order, thrown] = co_await asio::experimental::make_parallel_group(std::move(all))
                               .async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
    for (const std::exception_ptr& one : thrown) {
        if (one) std::rethrow_exception(one);
    }
}

}  // namespace nodescope
