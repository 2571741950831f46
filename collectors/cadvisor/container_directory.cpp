#include "collectors/cadvisor/container_directory.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace nodescope::cadvisor {

namespace asio = boost::asio;

namespace {

/// One coroutine that asks, counted as long as it lives.
class asker {
public:
    explicit asker(std::shared_ptr<std::size_t> count) : count_(std::move(count)) { ++*count_; }
    asker(const asker&) = delete;
    asker& operator=(const asker&) = delete;
    ~asker() { --*count_; }

private:
    std::shared_ptr<std::size_t> count_;
};

}  // namespace

container_directory::container_directory(const runtimes& asked, task_group& group, logger& log)
    : runtimes_(asked),
      group_(group),
      log_(log),
      never_asked_{asked.empty() ? standing::foreign : standing::unknown, nullptr, {}}
{
}

const container_directory::entry& container_directory::look(const std::string& id) const
{
    const auto found = entries_.find(id);
    return found == entries_.end() ? never_asked_ : found->second.shown;
}

void container_directory::want(const std::string& id)
{
    if (runtimes_.empty()) return;
    known& one = entries_[id];
    const bool answered = one.shown.says == standing::named;
    if (one.waiting || answered || one.tries >= questions) return;
    const auto now = steady_clock::now();
    if (now < unwell_until_ || now < one.due) return;
    one.waiting = true;
    queue_.push_back(id);
    start_asking();
}

void container_directory::ask_again(const std::string& id)
{
    const auto found = entries_.find(id);
    if (runtimes_.empty() || unwell() || found == entries_.end() || found->second.waiting) return;
    found->second.waiting = true;
    found->second.tries = 0;
    queue_.push_back(id);
    start_asking();
}

void container_directory::forget(const std::string& id)
{
    entries_.erase(id);
    ++revision_;
}

void container_directory::start_asking()
{
    if (*askers_ >= questions_at_once) return;
    // Counted from here on: it begins to run only when the reactor comes to it.
    auto counted = std::make_shared<const asker>(askers_);
    group_.spawn("asking about containers", ask_until_done(std::move(counted)));
}

task<> container_directory::ask_until_done([[maybe_unused]] std::shared_ptr<const void> counted)
{
    while (!queue_.empty()) {
        const std::string id = std::move(queue_.front());
        queue_.pop_front();
        if (!entries_.contains(id)) continue;
        const auto reference = container_reference::parse(id);
        if (!reference) {
            forget(id);
            continue;
        }
        auto inspecting = runtimes_.inspect(*reference, deadline::in(answer_limit));
        const auto answer = co_await std::move(inspecting);
        if (!answer && answer.error().kind() == failure::cancelled) co_return;
        learn(id, answer);
        if (!asking()) changed_.notify();
    }
}

bool container_directory::asking() const
{
    if (*askers_ == 0 && queue_.empty()) return false;
    return std::any_of(entries_.begin(), entries_.end(), [](const auto& one) { return one.second.waiting; });
}

void container_directory::learn(const std::string& id, const result<container>& answer)
{
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    known& one = found->second;
    one.waiting = false;
    const bool gone = !answer && answer.error().kind() == failure::gone;
    if (!answer && !gone) {
        rest_after(answer.error());
        return;
    }
    if (was_unwell_) {
        was_unwell_ = false;
        log_.write(log_level::info, "the container runtime names containers again");
    }
    ++revision_;
    one.shown.asked = steady_clock::now();
    if (answer && answer->pid > 0) {
        one.shown.says = standing::named;
        one.shown.state = std::make_shared<const container>(*answer);
        return;
    }
    // A container that is known and has no process (yet) stays what it was: its cgroup is still there.
    if (gone) one.shown = entry{standing::foreign, nullptr, one.shown.asked};
    one.due = steady_clock::now() + first_pause * (1 << one.tries);
    ++one.tries;
}

task<int> container_directory::exit_code(std::string id, deadline limit)
{
    constexpr std::chrono::milliseconds pause{200};
    const auto reference = container_reference::parse(id);
    while (!runtimes_.empty() && reference && !unwell() && !limit.passed()) {
        auto inspecting = runtimes_.inspect(*reference, limit);
        const auto answer = co_await std::move(inspecting);
        if (!answer) break;
        if (answer->pid == 0) co_return static_cast<int>(answer->exit_code);
        // The cgroup goes before the runtime hears of it.
        asio::steady_timer timer(co_await asio::this_coro::executor, pause);
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_return -1;
}

void container_directory::rest_after(const error& why)
{
    unwell_until_ = steady_clock::now() + rest;
    for (const std::string& id : queue_) {
        if (const auto found = entries_.find(id); found != entries_.end()) found->second.waiting = false;
    }
    queue_.clear();
    changed_.notify();
    if (was_unwell_) return;
    was_unwell_ = true;
    log_.write(log_level::warning, "the container runtime does not say which containers these are",
               {{"reason", why.message()}});
}

task<> container_directory::settle(deadline limit)
{
    const deadline own = deadline::sooner(limit, deadline::in(patience));
    while (!unwell() && asking()) {
        const wait_end how = co_await changed_.wait(own);
        if (how != wait_end::told) break;
    }
    // Whoever asks while this goes on need not wait for it as well.
    const bool late = !unwell() && asking() && own.passed();
    if (late && own.limit() >= patience) unwell_until_ = steady_clock::now() + rest;
}

}  // namespace nodescope::cadvisor
