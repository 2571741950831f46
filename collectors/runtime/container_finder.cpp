#include "collectors/runtime/container_finder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace nodescope {

namespace {

// What is remembered of a reference: what one means with a scheme it need not mean without.
std::string word_of(const container_reference& id)
{
    if (!id.scheme() || is_full_id(id.text())) return id.text();
    return fmt::format("{}://{}", static_cast<int>(*id.scheme()), id.text());
}

found_container named(container what)
{
    found_container found;
    found.resolved_by = what.runtime;
    found.what = std::move(what);
    return found;
}

gathered_answers gather(const std::vector<std::shared_ptr<const container_question>>& asked)
{
    gathered_answers all;
    for (const auto& one : asked) {
        if (one->answer) all.take(one->asked, *one->answer);
    }
    return all;
}

bool is_open(const std::vector<std::shared_ptr<const container_question>>& asked)
{
    return std::any_of(asked.begin(), asked.end(), [](const auto& one) { return !one->answer; });
}

deadline since(steady_clock::time_point began, steady_clock::duration limit)
{
    return deadline::in(std::max(steady_clock::duration::zero(), began + limit - steady_clock::now()));
}

// The latest of them, as most are asked together.
deadline since_asked(const std::vector<std::shared_ptr<const container_question>>& asked, steady_clock::duration limit)
{
    steady_clock::time_point began{};
    for (const auto& one : asked) began = std::max(began, one->began);
    return since(began, limit);
}

error no_answer_yet(const std::vector<std::shared_ptr<const container_question>>& asked)
{
    std::string names;
    steady_clock::duration longest{};
    for (const auto& one : asked) {
        if (one->answer) continue;
        names += fmt::format("{}{}", names.empty() ? "" : ", ", one->asked.name());
        longest = std::max(longest, steady_clock::now() - one->began);
    }
    const auto shown = std::chrono::floor<std::chrono::milliseconds>(longest);
    return {failure::timed_out,
            fmt::format("{}: asked about the container {} ago, no answer yet", names, duration_text(shown))};
}

}  // namespace

container_finder::container_finder(const runtimes& asked, by_cgroup& kernel, task_group& group)
    : runtimes_(asked),
      kernel_(kernel),
      questions_(group, [this](const std::string& word, const container_question& one) { hear(word, one); })
{
}

task<result<found_container>> container_finder::find(container_reference id, deadline limit)
{
    std::string word = word_of(id);
    if (auto before = known(word, false); before && may_mean(id, *before)) {
        const auto* const kept = known_.find(before->what.id);
        const bool old = kept != nullptr && (kept->last_failure || steady_clock::now() - kept->heard > name_lifetime);
        const auto by_id = container_reference::parse(before->what.id);
        if (old && by_id) before->open = ask(*by_id);
        co_return std::move(*before);
    }
    questions asked = ask(id);
    co_return co_await find_word(std::move(word), std::move(asked), std::move(id), limit);
}

task<result<found_container>> container_finder::find_pod_container(std::string pod_namespace, std::string pod_name,
                                                                   std::string name, deadline limit)
{
    std::string word = container_questions::word_for_pod(pod_namespace, pod_name, name);
    if (auto before = known(word, false)) co_return std::move(*before);
    questions asked;
    const std::vector<runtime*> all = runtimes_.present();
    asked.reserve(all.size());
    for (runtime* const one : all) asked.push_back(questions_.ask(*one, pod_namespace, pod_name, name));
    if (pod_ids_ != nullptr) {
        const deadline first = deadline::sooner(limit, since_asked(asked, patience_for_pod));
        auto by_runtime = co_await find_word(word, asked, std::nullopt, first);
        if (by_runtime) co_return by_runtime;
        const error why = by_runtime.error();
        if (why.kind() == failure::gone || why.kind() == failure::conflict) co_return why;
        auto id = co_await pod_ids_->container_of_pod(pod_namespace, pod_name, name, limit);
        if (id) co_return co_await ask_kubernetes(std::move(word), std::move(*id), std::move(asked), why, limit);
        if (id.error().kind() == failure::gone) {
            co_return error(failure::gone, fmt::format("{}; {}", id.error().message(), why.message()));
        }
    }
    co_return co_await find_word(std::move(word), std::move(asked), std::nullopt, limit);
}

task<result<found_container>> container_finder::ask_kubernetes(std::string word, std::string id, questions asked,
                                                               error why, deadline limit)
{
    const auto reference = container_reference::parse(id);
    if (!reference) co_return error(failure::malformed, "kubernetes: " + reference.error().message());
    auto seen = co_await ask_kernel(*reference, std::move(asked), std::move(why), limit);
    if (!seen) co_return seen;
    seen->resolved_by = by_kubernetes;
    known_.mean(word, seen->what.id, steady_clock::now());
    co_return seen;
}

container_finder::questions container_finder::ask(const container_reference& id)
{
    const std::vector<runtime*> meant = runtimes_.meant_by(id);
    questions asked;
    asked.reserve(meant.size());
    for (runtime* const one : meant) asked.push_back(questions_.ask(*one, id));
    return asked;
}

task<result<found_container>> container_finder::find_word(std::string word, questions asked,
                                                          std::optional<container_reference> id, deadline limit)
{
    const bool may_be_id = id && by_cgroup::may_find(*id);
    // A silent runtime is known to be: its one open question is waited for no longer than others are.
    const bool silent =
        std::any_of(asked.begin(), asked.end(), [&](const auto& one) { return questions_.is_silent(one->asked); });
    const bool brief = may_be_id || (silent && known_.meaning_of(word) != nullptr);
    const deadline first = brief ? deadline::sooner(limit, since_asked(asked, patience)) : limit;
    co_await wait_for(asked, first);

    gathered_answers all = gather(asked);
    const bool ambiguous = !is_open(asked) && !all.has_one() && all.answer().error().kind() == failure::conflict;
    if (!all.has_one() && !ambiguous && may_be_id) {
        error why = is_open(asked) ? no_answer_yet(asked) : all.answer().error();
        auto seen = co_await ask_kernel(*id, asked, std::move(why), limit);
        // Stopped, or a name that looks like an id: only a runtime knows.
        if (seen || seen.error().kind() != failure::gone) co_return seen;
        co_await wait_for(asked, limit);
        all = gather(asked);
    }
    if (auto answer = all.answer(); answer) {
        if (!is_full_id(word)) known_.mean(word, answer->id, steady_clock::now());
        co_return named(std::move(*answer));
    }
    const error why = is_open(asked) ? no_answer_yet(asked) : all.answer().error();
    if (why.kind() == failure::gone || why.kind() == failure::conflict) {
        known_.forget_word(word);
        co_return why;
    }
    if (auto before = known(word, true)) {
        if (id && !may_mean(*id, *before)) co_return why;
        before->runtime_failure = why;
        co_return std::move(*before);
    }
    // The process that it had has ended. It may have been started again.
    const auto* const meaning = known_.meaning_of(word);
    const auto meant = meaning == nullptr ? result<container_reference>(why) : container_reference::parse(meaning->id);
    if (!meant) co_return why;
    auto seen = co_await ask_kernel(*meant, std::move(asked), why, limit);
    if (!seen || seen->in_subtree_of) co_return why;
    co_return seen;
}

task<> container_finder::wait_for(const questions& asked, deadline limit)
{
    std::optional<deadline> found;
    while (is_open(asked)) {
        // One that has it need not wait for another that is slow to say it does not.
        if (!found && gather(asked).has_one()) found = deadline::in(patience);
        const deadline until = found ? deadline::sooner(limit, *found) : limit;
        const wait_end how = co_await questions_.wait(until);
        if (how != wait_end::told) co_return;
    }
}

task<result<found_container>> container_finder::ask_kernel(container_reference id, questions asked, error why,
                                                           deadline limit)
{
    const auto seen = co_await kernel_.find(id, limit);
    if (!seen) {
        if (seen.error().kind() == failure::conflict) co_return seen.error();
        co_return error(failure::gone, seen.error().message());
    }
    found_container found;
    found.what.id = seen->place.id;
    found.what.pid = seen->processes.front().pid;
    found.what.status = "running";
    found.start_ticks = seen->processes.front().start_ticks;
    found.resolved_by = by_kernel;
    found.by_its_cgroup = true;
    if (seen->place.delegated) found.in_subtree_of = seen->owner;
    if (why.kind() != failure::gone) found.runtime_failure = std::move(why);
    found.open = std::move(asked);
    co_return found;
}

task<result<found_container>> container_finder::find_by_kernel(container said, error why, deadline limit)
{
    const auto id = container_reference::parse(said.id);
    if (!id || !by_cgroup::may_find(*id)) co_return error(failure::gone, why.message());
    const auto seen = co_await kernel_.find(*id, limit);
    if (!seen) co_return seen.error();
    if (seen->place.delegated || seen->place.id != said.id) co_return error(failure::gone, why.message());
    found_container found;
    found.runtime_failure =
        error(why.kind(), fmt::format("what {} says of its process is not so: {}", said.runtime, why.message()));
    found.what = std::move(said);
    found.what.pid = seen->processes.front().pid;
    found.start_ticks = seen->processes.front().start_ticks;
    found.resolved_by = by_kernel;
    found.by_its_cgroup = true;
    found.in_dispute = true;
    co_return found;
}

std::optional<found_container> container_finder::known(std::string_view word, bool however_old)
{
    std::string id(word);
    if (!is_full_id(word)) {
        const auto* const meaning = known_.meaning_of(word);
        if (meaning == nullptr) return std::nullopt;
        if (!however_old && steady_clock::now() - meaning->heard > name_lifetime) return std::nullopt;
        id = meaning->id;
    }
    const auto* const kept = known_.find(id);
    if (kept == nullptr) return std::nullopt;
    found_container found;
    found.what.id = kept->id;
    found.what.pid = kept->pid;
    found.what.name = kept->name;
    found.what.runtime = kept->runtime;
    found.what.started_at = kept->started_at;
    found.what.low_level_runtime = kept->low_level_runtime;
    found.what.network_file = kept->network_file;
    found.what.status = "running";
    found.start_ticks = kept->start_ticks;
    found.runtime_failure = kept->last_failure;
    found.resolved_by = by_kernel;
    found.known = true;
    return found;
}

bool container_finder::may_mean(const container_reference& id, const found_container& one) const
{
    if (!id.scheme()) return true;
    const std::vector<runtime*> meant = runtimes_.meant_by(id);
    return std::any_of(meant.begin(), meant.end(),
                       [&](const runtime* each) { return each->name() == one.what.runtime; });
}

void container_finder::proved(const found_container& found, std::uint64_t start_ticks)
{
    if (found.known || found.in_dispute || found.in_subtree_of) return;
    known_container one;
    one.id = found.what.id;
    one.pid = static_cast<pid_t>(found.what.pid);
    one.start_ticks = start_ticks;
    one.name = found.what.name;
    one.runtime = found.what.runtime;
    one.started_at = found.what.started_at;
    one.low_level_runtime = found.what.low_level_runtime;
    one.network_file = found.what.network_file;
    one.heard = steady_clock::now();
    one.last_failure = found.runtime_failure;
    known_.keep(std::move(one));
}

void container_finder::hear(const std::string& word, const container_question& one)
{
    const auto now = steady_clock::now();
    const result<container>& said = *one.answer;
    if (!said) {
        auto* const kept = known_.find(word);
        if (kept == nullptr || said.error().kind() == failure::cancelled) return;
        kept->heard = now;
        const bool of_another = said.error().kind() == failure::gone && kept->runtime != one.asked.name();
        if (!of_another) kept->last_failure = said.error();
        if (said.error().kind() == failure::gone && !of_another) known_.forget(word);
        return;
    }
    auto* const kept = known_.find(said->id);
    if (kept == nullptr) return;
    if (said->pid != kept->pid) {
        known_.forget(said->id);
        return;
    }
    if (kept->name != said->name) known_.forget_word(kept->name);
    kept->name = said->name.substr(0, known_containers::text_limit);
    kept->runtime = said->runtime;
    kept->started_at = said->started_at;
    kept->low_level_runtime = said->low_level_runtime.substr(0, known_containers::text_limit);
    kept->network_file = said->network_file.size() <= known_containers::text_limit ? said->network_file : std::string();
    kept->heard = now;
    kept->last_failure.reset();
}

task<found_container> container_finder::complete(found_container found)
{
    if (found.open.empty()) co_return found;
    co_await wait_for(found.open, since_asked(found.open, patience_for_name));
    const gathered_answers all = gather(found.open);
    if (const auto answer = all.answer(); answer && all.has_one()) {
        if (answer->id == found.what.id) found.what.name = answer->name;
        found.runtime_failure.reset();
    } else if (is_open(found.open)) {
        found.runtime_failure = no_answer_yet(found.open);
    } else if (answer.error().kind() != failure::gone) {
        found.runtime_failure = answer.error();
    } else {
        found.runtime_failure.reset();
    }
    co_return found;
}

}  // namespace nodescope
