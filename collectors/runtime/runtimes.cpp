#include "collectors/runtime/runtimes.hpp"

#include "core/side_by_side.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

namespace nodescope {

void gathered_answers::take(const runtime& of, const result<container>& said)
{
    if (conflict_) return;
    if (has_one() && said && said->id != answer_->id) {
        conflict_ = true;
        answer_ =
            error(failure::conflict,
                  fmt::format("two containers fit: {} of {} and {} of {}; give the runtime with it, such as docker://",
                              escape_untrusted(answer_->id, 64), of_, escape_untrusted(said->id, 64), of.name()));
        return;
    }
    if (has_one()) return;
    // "I do not have it" gives way to "I cannot say", as the container may be there.
    const bool cannot_say = !said && said.error().kind() != failure::gone;
    if (said || !any_ || (answer_.error().kind() == failure::gone && cannot_say)) {
        answer_ = said;
        of_ = of.name();
    }
    any_ = true;
}

namespace {

/// What each of the runtimes answers to a call, all at once.
template <class Call>
task<result<container>> ask_all(std::vector<runtime*> all, Call call)
{
    if (all.size() == 1) co_return co_await call(*all.front());
    std::vector<result<container>> answers(all.size(), error());
    std::vector<task<>> calls;
    calls.reserve(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) calls.push_back(into(answers[i], call(*all[i])));
    co_await side_by_side(std::move(calls));
    gathered_answers said;
    for (std::size_t i = 0; i < all.size(); ++i) said.take(*all[i], answers[i]);
    co_return said.answer();
}

}  // namespace

std::vector<runtime*> runtimes::present() const
{
    std::vector<runtime*> there;
    std::vector<runtime*> all;
    for (const auto& one : all_) {
        all.push_back(one.get());
        if (one->present()) there.push_back(one.get());
    }
    return there.empty() ? all : there;
}

std::vector<runtime*> runtimes::meant_by(const container_reference& id) const
{
    std::vector<runtime*> named;
    std::vector<runtime*> all = present();
    for (runtime* const one : all) {
        if (id.scheme() && one->answers_to(*id.scheme())) named.push_back(one);
    }
    return named.empty() ? all : named;
}

task<result<container>> runtimes::inspect(container_reference id, deadline limit) const
{
    const auto call = [&](runtime& one) { return one.inspect(id, limit); };
    std::vector<runtime*> meant = meant_by(id);
    co_return co_await ask_all(std::move(meant), call);
}

task<result<container>> runtimes::find_pod_container(std::string pod_namespace, std::string pod_name, std::string name,
                                                     deadline limit) const
{
    std::vector<runtime*> all = present();
    const auto call = [&](runtime& one) { return one.find_pod_container(pod_namespace, pod_name, name, limit); };
    co_return co_await ask_all(std::move(all), call);
}

}  // namespace nodescope
