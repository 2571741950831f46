#include "core/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <list>

namespace nodescope {

namespace asio = boost::asio;

struct task_group::impl {
    impl(asio::any_io_executor e, logger& l) : executor(std::move(e)), log(l), emptied(executor) {}

    void report(std::string_view what, const std::exception_ptr& thrown) const
    {
        try {
            std::rethrow_exception(thrown);
        } catch (const boost::system::system_error& failed) {
            if (failed.code() == asio::error::operation_aborted) return;
            log.write(log_level::error, "a coroutine ended with an exception",
                      {{"what", what}, {"error", failed.what()}});
        } catch (const std::exception& failed) {
            log.write(log_level::error, "a coroutine ended with an exception",
                      {{"what", what}, {"error", failed.what()}});
        }
    }

    asio::any_io_executor executor;
    logger& log;
    std::list<asio::cancellation_signal> children;
    asio::steady_timer emptied;
};

task_group::task_group(asio::any_io_executor executor, logger& log)
    : impl_(std::make_shared<impl>(std::move(executor), log))
{
}

void task_group::spawn(std::string_view what, task<> work)
{
    const auto self = impl_;
    const auto child = self->children.emplace(self->children.end());
    asio::co_spawn(self->executor, std::move(work),
                   asio::bind_cancellation_slot(child->slot(), [self, child, what](const std::exception_ptr& thrown) {
                       self->children.erase(child);
                       if (self->children.empty()) self->emptied.cancel();
                       if (thrown) self->report(what, thrown);
                   }));
}

void task_group::cancel(asio::cancellation_type type)
{
    // A child may end, and leave the list, while its signal is being emitted.
    for (auto next = impl_->children.begin(); next != impl_->children.end();) {
        const auto child = next++;
        child->emit(type);
    }
}

task<bool> task_group::wait_until_empty(deadline limit)
{
    const auto self = impl_;
    while (!self->children.empty() && !limit.passed()) {
        self->emptied.expires_at(limit.at());
        co_await self->emptied.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_return self->children.empty();
}

std::size_t task_group::size() const noexcept { return impl_->children.size(); }

}  // namespace nodescope
