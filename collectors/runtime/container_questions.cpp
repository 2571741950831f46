#include "collectors/runtime/container_questions.hpp"

#include "collectors/runtime/circuit_breaker.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

namespace nodescope {

namespace {

/// The runtime said something, if only that it cannot.
bool was_heard(failure kind) noexcept
{
    return kind != failure::unavailable && kind != failure::overloaded && kind != failure::cancelled;
}

}  // namespace

struct container_questions::state {
    listener tell;
    std::map<std::pair<const runtime*, std::string>, std::shared_ptr<container_question>> open;
    circuit_breakers breakers;
    std::map<std::string, std::string> last_misses;  // by runtime
    event answered;

    void end(container_question& one, const std::string& word, result<container> answer)
    {
        const std::string& of = one.runtime_name;
        open.erase({&one.asked, word});
        if (!answer && answer.error().kind() == failure::timed_out) {
            breakers.missed(of, steady_clock::now());
            last_misses[of] = answer.error().message();
        } else if (answer || was_heard(answer.error().kind())) {
            breakers.succeeded(of);
        } else {
            breakers.withdrawn(of);
        }
        one.answer = std::move(answer);
        if (tell) tell(word, one);
        answered.notify();
    }
};

namespace {

/// Ends the question once, and on every way out: an exception or the end of the service leaves nobody waiting.
template <class State>
class ending {
public:
    ending(std::shared_ptr<State> in, std::shared_ptr<container_question> one, std::string word)
        : state_(std::move(in)), question_(std::move(one)), word_(std::move(word))
    {
    }
    ending(const ending&) = delete;
    ending& operator=(const ending&) = delete;
    ~ending()
    {
        if (question_) end(error(failure::cancelled, "the question to the container runtime was given up"));
    }
    void end(result<container> answer)
    {
        const auto one = std::exchange(question_, nullptr);
        state_->end(*one, word_, std::move(answer));
    }

private:
    std::shared_ptr<State> state_;
    std::shared_ptr<container_question> question_;
    std::string word_;
};

template <class State>
task<> carry_out(std::shared_ptr<ending<State>> end, task<result<container>> call)
{
    auto answer = co_await std::move(call);  // NOLINT(bugprone-use-after-move): it is moved once, and awaited
    end->end(std::move(answer));
}

}  // namespace

container_questions::container_questions(task_group& group, listener tell)
    : group_(group), state_(std::make_shared<state>())
{
    state_->tell = std::move(tell);
}

container_questions::~container_questions() { state_->tell = nullptr; }

template <class Call>
std::shared_ptr<const container_question> container_questions::begin(runtime& which, const std::string& word, Call call)
{
    const auto key = std::pair(static_cast<const runtime*>(&which), word);
    if (const auto same = state_->open.find(key); same != state_->open.end()) return same->second;
    auto one = std::make_shared<container_question>(which);
    const std::string& of = one->runtime_name;
    if (state_->open.size() >= questions_at_once) {
        one->answer = error(failure::overloaded, fmt::format("{}: {} questions about containers wait for an answer",
                                                             which.name(), questions_at_once));
        return one;
    }
    if (!state_->breakers.admit(of, steady_clock::now())) {
        one->answer =
            error(failure::unavailable,
                  fmt::format("{} has not answered the last {} questions in time, and is asked one at a time: {}", of,
                              circuit_breakers::misses_to_open, state_->last_misses[of]));
        return one;
    }
    state_->open.emplace(key, one);
    auto end = std::make_shared<ending<state>>(state_, one, word);
    group_.spawn("asking a runtime about a container", carry_out(std::move(end), call(deadline::in(longest_question))));
    return one;
}

std::shared_ptr<const container_question> container_questions::ask(runtime& which, const container_reference& id)
{
    return begin(which, id.text(), [&](deadline limit) { return which.inspect(id, limit); });
}

std::shared_ptr<const container_question> container_questions::ask(runtime& which, const std::string& pod_namespace,
                                                                   const std::string& pod_name, const std::string& name)
{
    return begin(which, word_for_pod(pod_namespace, pod_name, name),
                 [&](deadline limit) { return which.find_pod_container(pod_namespace, pod_name, name, limit); });
}

std::string container_questions::word_for_pod(const std::string& pod_namespace, const std::string& pod_name,
                                              const std::string& name)
{
    return fmt::format("pod {}/{}/{}", pod_namespace, pod_name, name);
}

task<wait_end> container_questions::wait(deadline limit) { return state_->answered.wait(limit); }

bool container_questions::is_silent(const runtime& which) const
{
    return state_->breakers.is_open(std::string(which.name()));
}

}  // namespace nodescope
