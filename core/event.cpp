#include "core/event.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace nodescope {

namespace asio = boost::asio;

/// One wait. Cancelling the timer is how it is woken: Asio resumes the coroutine later, never from within wake().
class event::waiter {
public:
    waiter(event& of, const asio::any_io_executor& executor, deadline limit) : timer(executor, limit.at()), of_(&of)
    {
        of.waiting_.push_back(this);
    }
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    ~waiter()
    {
        if (of_ == nullptr) return;
        std::erase(of_->waiting_, this);
        if (of_->set_) of_->wake_next();
    }

    void wake(bool with_news)
    {
        told = told || with_news;
        timer.cancel();
    }
    [[nodiscard]] bool heard() const { return told || (of_ != nullptr && of_->set_); }
    /// The event is being destroyed.
    void orphan()
    {
        of_ = nullptr;
        wake(false);
    }

    asio::steady_timer timer;
    bool told = false;

private:
    event* of_;
};

error not_told(wait_end how, std::string_view what, std::string_view state, const deadline& limit)
{
    if (how == wait_end::cancelled) return {failure::cancelled, fmt::format("{}: the caller went away", what)};
    return {failure::timed_out, fmt::format("{}: {} within {}", what, state, duration_text(limit.limit()))};
}

event::~event()
{
    for (waiter* const one : waiting_) one->orphan();
}

void event::set()
{
    set_ = true;
    wake_next();
}

/// The others are woken by those before them, as they stop waiting.
void event::wake_next()
{
    const auto next = std::find_if(waiting_.begin(), waiting_.end(), [](const waiter* one) { return !one->told; });
    if (next != waiting_.end()) (*next)->wake(true);
}

void event::notify()
{
    for (waiter* const one : waiting_) one->wake(true);
}

task<wait_end> event::wait(deadline limit)
{
    if (set_) co_return wait_end::told;
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return wait_end::cancelled;

    waiter me(*this, co_await asio::this_coro::executor, limit);
    const bool throwing = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto [interrupted] = co_await me.timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_await asio::this_coro::throw_if_cancelled(throwing);
    if (me.heard()) co_return wait_end::told;
    co_return interrupted ? wait_end::cancelled : wait_end::late;
}

}  // namespace nodescope
