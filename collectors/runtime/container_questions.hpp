// Questions to runtimes about one container that go on when those who asked no longer wait: a slow answer is still of
// use to the next. A runtime that has missed three deadlines in a row gets one question at a time until it answers
// (circuit_breaker).
// Reactor thread only.
#pragma once

#include "collectors/runtime/runtime.hpp"
#include "core/event.hpp"
#include "core/task_group.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace nodescope {

/// To one runtime. Shared by all who ask it at the same time.
struct container_question {
    explicit container_question(runtime& of) : asked(of), runtime_name(of.name()) {}
    runtime& asked;
    const std::string runtime_name;  // the runtime may be gone when a question ends with the service
    const steady_clock::time_point began = steady_clock::now();
    std::optional<result<container>> answer;
};

class container_questions {
public:
    /// Called with each answer, before anybody who waits for it gets on.
    using listener = std::function<void(const std::string& word, const container_question&)>;

    /// `group` and every runtime that is asked outlive all questions. Questions may outlive this object, and then tell
    /// nobody.
    container_questions(task_group& group, listener tell);
    container_questions(const container_questions&) = delete;
    container_questions& operator=(const container_questions&) = delete;
    ~container_questions();

    /// By id or name. Never null; already answered with failure::unavailable when the runtime is not asked now.
    std::shared_ptr<const container_question> ask(runtime& which, const container_reference& id);
    std::shared_ptr<const container_question> ask(runtime& which, const std::string& pod_namespace,
                                                  const std::string& pod_name, const std::string& name);
    /// The word under which find_pod_container's answers are told: no reference can be spelled like it.
    static std::string word_for_pod(const std::string& pod_namespace, const std::string& pod_name,
                                    const std::string& name);

    /// Until any question is answered.
    task<wait_end> wait(deadline limit);
    /// Whether it has missed its deadlines and not answered since.
    [[nodiscard]] bool is_silent(const runtime& which) const;

    /// More than this many can only wait for a dead daemon.
    static constexpr std::size_t questions_at_once = 32;
    /// Beyond the runtimes' own deadlines, which are the ones that speak.
    static constexpr std::chrono::minutes longest_question{5};

private:
    struct state;
    template <class Call>
    std::shared_ptr<const container_question> begin(runtime& which, const std::string& word, Call call);

    task_group& group_;
    std::shared_ptr<state> state_;
};

}  // namespace nodescope
