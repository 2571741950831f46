#include "collectors/host/reader/idle_reader.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace nodescope::host {

namespace asio = boost::asio;

namespace {

/// For a worker to be free, and for the process to go.
constexpr std::chrono::seconds end_limit{5};

}  // namespace

void idle_reader::touch()
{
    end_ = steady_clock::now() + idle_;
    if (std::exchange(waiting_, true)) return;
    group_.spawn("process reader", end_when_idle());
}

task<> idle_reader::end_when_idle()
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (steady_clock::now() < end_) {
        timer.expires_at(end_);
        auto [cancelled] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (cancelled) co_return;
    }
    waiting_ = false;
    auto work = [reader = reader_](const abandon_flag&) -> result<void> {
        reader->blocking_end();
        return {};
    };
    auto ending = pool_.run("process reader", deadline::in(end_limit), std::move(work));
    // Where no worker is free, whoever asks next brings it here again.
    static_cast<void>(co_await std::move(ending));
}

}  // namespace nodescope::host
