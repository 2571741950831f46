#include "collectors/cadvisor/event_store.hpp"

#include "core/event.hpp"
#include "core/json/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace nodescope::cadvisor {

namespace {

bool wants_kind(const event_filter& filter, event::kind kind)
{
    switch (kind) {
        case event::kind::oom: return filter.oom;
        case event::kind::oom_kill: return filter.oom_kill;
        case event::kind::creation: return filter.creation;
        case event::kind::deletion: return filter.deletion;
    }
    return false;
}

bool wants_container(const event_filter& filter, const std::string& name)
{
    if (name == filter.container_name) return true;
    if (!filter.subcontainers) return false;
    if (filter.container_name == "/") return true;
    return name.starts_with(filter.container_name) && name.size() > filter.container_name.size() &&
           name[filter.container_name.size()] == '/';
}

std::size_t names_bytes_of(const event& one)
{
    return json_string_bytes(one.container_name) + json_string_bytes(one.process_name) +
           json_string_bytes(one.constraint);
}

/// Here or in an answer, whichever is more.
std::size_t bytes_of(const event& one) { return sizeof(event) + one.names_bytes; }

bool earlier(const std::shared_ptr<const event>& a, const std::shared_ptr<const event>& b)
{
    return a->timestamp < b->timestamp;
}

/// Leaves the newest `count` of a sorted list; a negative one leaves all.
void keep_newest(event_list& list, std::int64_t count)
{
    if (count < 0 || std::cmp_less_equal(list.size(), count)) return;
    list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(count));
}

}  // namespace

bool passes(const event_filter& filter, const event& happened)
{
    return wants_kind(filter, happened.type) && wants_container(filter, happened.container_name);
}

/// What the store and one stream share.
struct event_store::feed {
    void clear()
    {
        waiting.clear();
        waiting_bytes = 0;
    }

    event_filter filter;
    std::deque<shared_event> waiting;
    std::size_t waiting_bytes = 0;
    nodescope::event changed;
    bool lost = false;
    bool closed = false;
};

class event_store::stream final : public event_stream {
public:
    explicit stream(std::shared_ptr<feed> shared) : feed_(std::move(shared)) {}
    ~stream() override
    {
        feed_->closed = true;
        feed_->clear();
    }

    task<result<std::optional<event>>> next(deadline limit) override
    {
        const std::shared_ptr<feed> shared = feed_;
        if (shared->waiting.empty() && !shared->lost) {
            const wait_end how = co_await shared->changed.wait(limit);
            if (how == wait_end::cancelled) {
                co_return error(failure::cancelled, "events: the caller went away");
            }
        }
        if (shared->waiting.empty() && shared->lost) {
            co_return error(failure::overloaded,
                            fmt::format("events: the reader was too slow, more than {} events or {} bytes waited, or "
                                        "{} for all readers",
                                        queue_limit, queue_limit_bytes, queues_limit_bytes));
        }
        if (shared->waiting.empty()) co_return std::optional<event>();
        const shared_event oldest = std::move(shared->waiting.front());
        shared->waiting.pop_front();
        shared->waiting_bytes -= bytes_of(*oldest);
        co_return std::optional<event>(*oldest);
    }

private:
    std::shared_ptr<feed> feed_;
};

event_store::event_store(std::size_t limit_per_kind) : limit_(limit_per_kind) {}
event_store::~event_store() = default;

std::size_t event_store::streams() const
{
    return static_cast<std::size_t>(
        std::count_if(feeds_.begin(), feeds_.end(), [](const auto& one) { return !one->closed; }));
}

void event_store::add(event happened)
{
    happened.names_bytes = names_bytes_of(happened);
    const auto shared = std::make_shared<const event>(std::move(happened));
    tell(shared);
    keep(shared);
}

void event_store::remember(event happened)
{
    happened.names_bytes = names_bytes_of(happened);
    keep(std::make_shared<const event>(std::move(happened)));
}

void event_store::tell(const shared_event& happened)
{
    std::erase_if(feeds_, [](const auto& one) { return one->closed; });
    const std::size_t bytes = bytes_of(*happened);
    for (const auto& one : feeds_) {
        if (one->lost || !passes(one->filter, *happened)) continue;
        if (one->waiting.size() >= queue_limit || one->waiting_bytes + bytes > queue_limit_bytes) {
            one->lost = true;
        } else {
            one->waiting.push_back(happened);
            one->waiting_bytes += bytes;
        }
        one->changed.notify();
    }
    bound_waiting();
}

/// An event that waits for several readers is counted for each: its bytes are those of whichever reads last.
void event_store::bound_waiting()
{
    std::size_t all = 0;
    for (const auto& one : feeds_) all += one->waiting_bytes;
    while (all > queues_limit_bytes) {
        feed& fullest = **std::max_element(feeds_.begin(), feeds_.end(), [](const auto& a, const auto& b) {
            return a->waiting_bytes < b->waiting_bytes;
        });
        all -= fullest.waiting_bytes;
        fullest.lost = true;
        fullest.clear();
        fullest.changed.notify();
    }
}

void event_store::keep(shared_event happened)
{
    kept& of_kind = by_kind_.at(static_cast<std::size_t>(happened->type));
    auto& list = of_kind.events;
    const time_point oldest = happened->timestamp - lifetime;
    of_kind.bytes += bytes_of(*happened);
    list.insert(std::upper_bound(list.begin(), list.end(), happened, earlier), happened);
    // Counted from the event, as cAdvisor does: of containers that were there for days when they were found, the
    // creations stay until something newer happens.
    while (list.size() > limit_ || list.front()->timestamp < oldest) drop_oldest(of_kind);
    for (; of_kind.bytes > kind_limit_bytes; ++left_out_) drop_oldest(of_kind);
}

void event_store::drop_oldest(kept& of)
{
    of.bytes -= bytes_of(*of.events.front());
    of.events.pop_front();
}

event_list event_store::history(const event_filter& filter) const
{
    event_list merged;
    for (const kept& of_kind : by_kind_) {
        const auto& list = of_kind.events;
        if (list.empty() || !wants_kind(filter, list.front()->type)) continue;
        const auto begins = [](const shared_event& one, time_point when) { return one->timestamp < when; };
        const auto ends = [](time_point when, const shared_event& one) { return when < one->timestamp; };
        auto first = list.begin();
        auto last = list.end();
        if (filter.start_time) first = std::lower_bound(first, last, *filter.start_time, begins);
        if (filter.end_time) last = std::upper_bound(first, last, *filter.end_time, ends);
        if (filter.max_events >= 0 && std::cmp_greater(last - first, filter.max_events))
            first = last - filter.max_events;
        const auto before = static_cast<std::ptrdiff_t>(merged.size());
        std::copy_if(first, last, std::back_inserter(merged),
                     [&](const shared_event& one) { return wants_container(filter, one->container_name); });
        std::inplace_merge(merged.begin(), merged.begin() + before, merged.end(), earlier);
    }
    keep_newest(merged, filter.max_events);
    return merged;
}

result<std::unique_ptr<event_stream>> event_store::watch(event_filter filter)
{
    std::erase_if(feeds_, [](const auto& one) { return one->closed; });
    if (feeds_.size() >= stream_limit) {
        return error(failure::overloaded, fmt::format("events: {} streams are open already", stream_limit));
    }
    auto shared = std::make_shared<feed>();
    shared->filter = std::move(filter);
    feeds_.push_back(shared);
    return std::unique_ptr<event_stream>(std::make_unique<stream>(std::move(shared)));
}

}  // namespace nodescope::cadvisor
