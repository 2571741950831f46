#include "collectors/cadvisor/event_store.hpp"

#include "core/event.hpp"

#include <fmt/format.h>

#include <algorithm>
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

bool earlier(const event& a, const event& b) { return a.timestamp < b.timestamp; }

/// Leaves the newest `count` of a sorted list; a negative one leaves all.
void keep_newest(std::vector<event>& list, std::int64_t count)
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
    event_filter filter;
    std::deque<event> waiting;
    nodescope::event changed;
    bool lost = false;
    bool closed = false;
};

class event_store::stream final : public event_stream {
public:
    explicit stream(std::shared_ptr<feed> shared) : feed_(std::move(shared)) {}
    ~stream() override { feed_->closed = true; }

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
                            fmt::format("events: the reader was too slow, more than {} waited", queue_limit));
        }
        if (shared->waiting.empty()) co_return std::optional<event>();
        std::optional<event> oldest(std::move(shared->waiting.front()));
        shared->waiting.pop_front();
        co_return oldest;
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
    std::erase_if(feeds_, [](const auto& one) { return one->closed; });
    for (const auto& one : feeds_) {
        if (one->lost || !passes(one->filter, happened)) continue;
        if (one->waiting.size() >= queue_limit) {
            one->lost = true;
        } else {
            one->waiting.push_back(happened);
        }
        one->changed.notify();
    }
    remember(std::move(happened));
}

void event_store::remember(event happened)
{
    auto& list = by_kind_.at(static_cast<std::size_t>(happened.type));
    const time_point oldest = happened.timestamp - lifetime;
    list.insert(std::upper_bound(list.begin(), list.end(), happened, earlier), std::move(happened));
    // Counted from the event, as cAdvisor does: of containers that were there for days when they were found, the
    // creations stay until something newer happens.
    while (list.size() > limit_ || list.front().timestamp < oldest) list.pop_front();
}

std::vector<event> event_store::history(const event_filter& filter) const
{
    std::vector<event> merged;
    for (const auto& list : by_kind_) {
        if (list.empty() || !wants_kind(filter, list.front().type)) continue;
        std::vector<event> some;
        for (const event& one : list) {
            if (filter.start_time && one.timestamp < *filter.start_time) continue;
            if (filter.end_time && one.timestamp > *filter.end_time) continue;
            some.push_back(one);
        }
        keep_newest(some, filter.max_events);
        std::erase_if(some, [&](const event& one) { return !wants_container(filter, one.container_name); });
        merged.insert(merged.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
    }
    std::stable_sort(merged.begin(), merged.end(), earlier);
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
