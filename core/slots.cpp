#include "core/slots.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <list>

namespace nodescope {

namespace asio = boost::asio;

struct slot_pool::impl {
    struct waiter {
        explicit waiter(asio::steady_timer until) : timer(std::move(until)) {}
        asio::steady_timer timer;
        bool granted = false;
    };

    impl(std::string n, std::size_t p, std::size_t q) : name(std::move(n)), places(p), queue_limit(q) {}

    /// Hands the freed place to the first in the queue: it stays counted as used.
    void free_one()
    {
        if (queue.empty()) {
            --used;
            return;
        }
        const std::shared_ptr<waiter> next = queue.front();
        queue.pop_front();
        next->granted = true;
        next->timer.cancel();
    }

    const std::string name;
    const std::size_t places;
    const std::size_t queue_limit;
    std::size_t used = 0;
    std::list<std::shared_ptr<waiter>> queue;
};

slot_pool::slot::~slot()
{
    if (owner_) owner_->free_one();
}

slot_pool::slot& slot_pool::slot::operator=(slot&& other) noexcept
{
    if (this != &other) {
        if (owner_) owner_->free_one();
        owner_ = std::move(other.owner_);
    }
    return *this;
}

slot_pool::slot_pool(std::string name, std::size_t places, std::size_t queue_limit)
    : impl_(std::make_shared<impl>(std::move(name), places, queue_limit))
{
}

task<result<slot_pool::slot>> slot_pool::acquire(deadline limit)
{
    const std::shared_ptr<impl> self = impl_;
    if (self->used < self->places) {
        ++self->used;
        co_return slot(self);
    }
    if (self->queue.size() >= self->queue_limit) {
        co_return error(failure::overloaded, fmt::format("{}: all {} places are busy and {} callers wait already",
                                                         self->name, self->places, self->queue_limit));
    }

    const auto executor = co_await asio::this_coro::executor;
    const auto me = std::make_shared<impl::waiter>(asio::steady_timer(executor, limit.at()));
    self->queue.push_back(me);
    const bool throwing = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto [timer_error] = co_await me->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_await asio::this_coro::throw_if_cancelled(throwing);
    if (me->granted) co_return slot(self);

    self->queue.remove(me);
    if (timer_error) co_return error(failure::cancelled, fmt::format("{}: the caller went away", self->name));
    co_return error(failure::timed_out, fmt::format("{}: all {} places busy for {}", self->name, self->places,
                                                    duration_text(limit.limit())));
}

std::size_t slot_pool::in_use() const noexcept { return impl_->used; }
std::size_t slot_pool::waiting() const noexcept { return impl_->queue.size(); }

}  // namespace nodescope
