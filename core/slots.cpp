#include "core/slots.hpp"

#include "core/event.hpp"

#include <fmt/format.h>

#include <list>

namespace nodescope {

struct slot_pool::impl {
    impl(std::string n, std::size_t p, std::size_t q) : name(std::move(n)), places(p), queue_limit(q) {}

    /// Hands the freed place to the first in the queue: it stays counted as used.
    void free_one()
    {
        if (queue.empty()) {
            --used;
            return;
        }
        queue.front()->set();
        queue.pop_front();
    }

    const std::string name;
    const std::size_t places;
    const std::size_t queue_limit;
    std::size_t used = 0;
    std::list<std::shared_ptr<event>> queue;
};

slot_pool::slot::~slot()
{
    if (owner_) owner_->free_one();
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

    const auto granted = std::make_shared<event>();
    self->queue.push_back(granted);
    const wait_end how = co_await granted->wait(limit);
    if (how == wait_end::told) co_return slot(self);

    self->queue.remove(granted);
    if (how == wait_end::cancelled)
        co_return error(failure::cancelled, fmt::format("{}: the caller went away", self->name));
    co_return error(failure::timed_out, fmt::format("{}: all {} places busy for {}", self->name, self->places,
                                                    duration_text(limit.limit())));
}

}  // namespace nodescope
