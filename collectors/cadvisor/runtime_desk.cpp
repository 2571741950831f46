#include "collectors/cadvisor/runtime_desk.hpp"

#include "collectors/runtime/kept_texts.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace nodescope::cadvisor {

namespace {

const std::set<std::string> nobody;

/// Of those that run; a sandbox may do without a process of its own.
bool runs(const container& state) { return state.pid > 0 || (state.pod.is_sandbox && state.status == "running"); }

std::size_t texts_of(const container& state)
{
    std::size_t bytes = 0;
    for (const auto& [key, value] : state.labels) bytes += key.size() + value.size() + around_kept_text;
    for (const std::string& variable : state.environment) bytes += variable.size() + around_kept_text;
    return bytes;
}

}  // namespace

runtime_desk::runtime_desk(runtime& asked, task_group& group, logger& log, std::function<void()> told)
    : asked_(asked), group_(group), log_(log), told_(std::move(told))
{
}

const directory_entry& runtime_desk::look(const std::string& id) const
{
    const auto found = entries_.find(id);
    return found == entries_.end() ? never_wanted_ : found->second.shown;
}

const std::set<std::string>& runtime_desk::awaited() const
{
    // What is open while nobody asks is left of a question that ended by an exception.
    const bool asking = running() > 0 || !queue_.empty() || !delegated_.empty();
    return asking && !silent() ? open_ : nobody;
}

void runtime_desk::want(const std::string& id, bool delegated)
{
    known& one = entries_[id];
    const bool answered = one.shown.says == standing::named;
    if (one.waiting || answered || one.tries >= questions) return;
    const auto now = steady_clock::now();
    if (resting() || now < one.due) return;
    if (delegated) {
        if (now - second_began_ >= std::chrono::seconds(1)) {
            second_began_ = now;
            delegated_in_this_second_ = 0;
        }
        if (delegated_in_this_second_ >= delegated_in_a_second) return;
        ++delegated_in_this_second_;
    }
    enqueue(id, one, delegated);
}

void runtime_desk::refresh(const std::string& id)
{
    const auto found = entries_.find(id);
    if (resting() || found == entries_.end() || found->second.waiting) return;
    found->second.tries = 0;
    enqueue(id, found->second, false);
}

void runtime_desk::forget(const std::string& id)
{
    if (const auto found = entries_.extract(id)) texts_.give_back(found.mapped().texts);
    close(id);
}

void runtime_desk::follow_renames()
{
    const auto now = steady_clock::now();
    const bool anybody = std::any_of(entries_.begin(), entries_.end(),
                                     [](const auto& one) { return one.second.shown.says == standing::named; });
    if (!anybody || resting() || following_.use_count() > 1 || now - names_heard_ < names_lifetime) return;
    group_.spawn("asking how containers are called", compare_names(following_));
}

task<> runtime_desk::compare_names([[maybe_unused]] std::shared_ptr<const void> counted)
{
    const auto asked_at = steady_clock::now();
    const auto names = co_await asked_.current_names(deadline::in(answer_limit));
    if (!names && names.error().kind() == failure::cancelled) co_return;
    counted.reset();
    if (open_.empty()) late_ = false;
    if (!names) {
        // No room for its list: they keep the names they have.
        if (names.error().kind() == failure::overloaded) names_heard_ = asked_at;
        else rest_after(names.error());
        told_();
        co_return;
    }
    answered_again();
    names_heard_ = asked_at;
    std::vector<std::string> renamed;
    for (const auto& [id, one] : entries_) {
        if (one.shown.says != standing::named) continue;
        const auto called = names->find(id);
        if (called != names->end() && called->second != one.shown.state->name) renamed.push_back(id);
    }
    for (const std::string& id : renamed) refresh(id);
    told_();
}

void runtime_desk::close(const std::string& id)
{
    open_.erase(id);
    if (open_.empty() && following_.use_count() == 1) late_ = false;
}

void runtime_desk::enqueue(const std::string& id, known& one, bool delegated)
{
    one.waiting = true;
    open_.insert(id);
    (delegated ? delegated_ : queue_).push_back(id);
    begin_asking();
}

void runtime_desk::begin_asking()
{
    if (running() >= (failed_ ? 1 : questions_at_once)) return;
    // Counted from here on: it begins to run only when the reactor comes to it.
    group_.spawn("asking about containers", serve_queue(running_));
}

task<> runtime_desk::serve_queue([[maybe_unused]] std::shared_ptr<const void> counted)
{
    while (!queue_.empty() || !delegated_.empty()) {
        const std::string id = take_next();
        if (!entries_.contains(id)) continue;
        const auto reference = container_reference::parse(id);
        if (!reference) {
            forget(id);
            continue;
        }
        const auto answer = co_await asked_.inspect(*reference, deadline::in(answer_limit));
        if (!answer && answer.error().kind() == failure::cancelled) co_return;
        learn(id, answer);
        told_();
    }
}

std::string runtime_desk::take_next()
{
    auto& from = queue_.empty() ? delegated_ : queue_;
    std::string id = std::move(from.front());
    from.pop_front();
    return id;
}

void runtime_desk::learn(const std::string& id, const result<container>& answer)
{
    const bool gone = !answer && answer.error().kind() == failure::gone;
    if (answer || gone) answered_again();
    close(id);
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    known& one = found->second;
    one.waiting = false;
    // The service has no room for what the runtime says of it, or for one more question: the runtime is well.
    if (!answer && answer.error().kind() == failure::overloaded) {
        one.due = steady_clock::now() + rest;
        return;
    }
    if (!answer && !gone) {
        rest_after(answer.error());
        return;
    }
    one.shown.answered = steady_clock::now();
    if (answer && runs(*answer)) {
        one.shown.says = standing::named;
        one.shown.state = kept(*answer, one);
        return;
    }
    // A container that is known and has no process (yet) stays what it was: its cgroup is still there.
    if (gone) {
        texts_.give_back(std::exchange(one.texts, 0));
        one.shown = directory_entry{standing::foreign, nullptr, one.shown.answered};
    }
    one.due = steady_clock::now() + first_pause * (1 << one.tries);
    ++one.tries;
}

std::shared_ptr<const container> runtime_desk::kept(container said, known& as)
{
    texts_.give_back(std::exchange(as.texts, 0));
    const std::size_t bytes = texts_of(said);
    if (texts_.charge(bytes)) {
        as.texts = bytes;
    } else {
        said.labels.clear();
        said.environment.clear();
        said.environment.shrink_to_fit();
    }
    return std::make_shared<const container>(std::move(said));
}

void runtime_desk::answered_again()
{
    rests_until_ = {};
    if (!std::exchange(failed_, false)) return;
    log_.write(log_level::info, "the container runtime names containers again",
               {{"runtime", std::string(asked_.name())}});
    const std::size_t waiting = queue_.size() + delegated_.size();
    for (std::size_t i = 0; i < std::min(waiting, questions_at_once); ++i) begin_asking();
}

void runtime_desk::rest_after(const error& why)
{
    rests_until_ = steady_clock::now() + rest;
    for (auto* const waiting : {&queue_, &delegated_}) {
        for (const std::string& id : *waiting) {
            close(id);
            if (const auto found = entries_.find(id); found != entries_.end()) found->second.waiting = false;
        }
        waiting->clear();
    }
    if (std::exchange(failed_, true)) return;
    log_.write(log_level::warning, "the container runtime does not say which containers these are",
               {{"runtime", std::string(asked_.name())}, {"reason", why.message()}});
}

}  // namespace nodescope::cadvisor
