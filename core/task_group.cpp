#include "core/task_group.hpp"

#include "core/event.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <list>

namespace nodescope {

namespace asio = boost::asio;

struct task_group::impl {
    impl(asio::any_io_executor e, logger& l) : executor(std::move(e)), log(l) {}

    void report(std::string_view what, const std::exception_ptr& thrown) const
    {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& failed) {
            const auto* const coded = dynamic_cast<const boost::system::system_error*>(&failed);
            if (coded != nullptr && coded->code() == asio::error::operation_aborted) return;
            log.write(log_level::error, "a coroutine ended with an exception",
                      {{"what", what}, {"error", failed.what()}});
        }
    }

    struct child {
        explicit child(std::string_view name) : what(name) {}
        std::string_view what;
        asio::cancellation_signal stop;
    };

    asio::any_io_executor executor;
    logger& log;
    std::list<child> children;
    event emptied;
    bool stopping = false;
};

task_group::task_group(asio::any_io_executor executor, logger& log)
    : impl_(std::make_shared<impl>(std::move(executor), log))
{
}

void task_group::spawn(std::string_view what, task<> work)
{
    const auto self = impl_;
    if (self->stopping) return;
    const auto one = self->children.emplace(self->children.end(), what);
    auto ended = [self, one](const std::exception_ptr& thrown) {
        const std::string_view name = one->what;
        self->children.erase(one);
        if (self->children.empty()) self->emptied.notify();
        if (thrown) self->report(name, thrown);
    };
    asio::co_spawn(self->executor, std::move(work), asio::bind_cancellation_slot(one->stop.slot(), std::move(ended)));
}

task<bool> task_group::stop(deadline limit)
{
    const auto self = impl_;
    self->stopping = true;
    // A child may end, and leave the list, while its signal is being emitted.
    for (auto next = self->children.begin(); next != self->children.end();) {
        const auto one = next++;
        one->stop.emit(asio::cancellation_type::terminal);
    }
    while (!self->children.empty()) {
        const wait_end how = co_await self->emptied.wait(limit);
        if (how != wait_end::told) break;
    }
    for (const auto& one : self->children) {
        self->log.write(log_level::warning, "a coroutine did not end when asked to", {{"what", one.what}});
    }
    co_return self->children.empty();
}

std::size_t task_group::size() const noexcept { return impl_->children.size(); }

}  // namespace nodescope
