// One container runtime, and what it has said of the containers on the node, by id. It is asked about each container
// once, in the background; one that is away or hangs gets a question at a time until it answers. Reactor thread only.
#pragma once

#include "collectors/runtime/runtime.hpp"
#include "core/byte_budget.hpp"
#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/task.hpp"
#include "core/task_group.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace nodescope::cadvisor {

/// What is known of a container by asking a runtime, or several.
enum class standing {
    unknown,  ///< not answered yet, or the container has no process yet
    named,    ///< a runtime has it
    foreign,  ///< no runtime that we ask has it
};

struct directory_entry {
    standing says = standing::unknown;
    std::shared_ptr<const container> state = nullptr;  ///< with standing::named
    steady_clock::time_point answered{};               ///< when the last answer came
};

class runtime_desk {
public:
    /// All outlive the desk. `told` is called after each answer and failure.
    runtime_desk(runtime& asked, task_group& group, logger& log, std::function<void()> told);
    runtime_desk(const runtime_desk&) = delete;
    runtime_desk& operator=(const runtime_desk&) = delete;

    [[nodiscard]] runtime& asked() const noexcept { return asked_; }
    /// Valid until something else is called.
    [[nodiscard]] const directory_entry& look(const std::string& id) const;
    /// As container_directory's.
    void want(const std::string& id, bool delegated);
    void refresh(const std::string& id);
    void forget(const std::string& id);
    /// Asks in the background what its containers are called now, where it was last asked names_lifetime ago, and about
    /// those again that are called otherwise.
    void follow_renames();
    /// It has been asked, and not answered yet.
    [[nodiscard]] bool is_following() const noexcept { return following_.use_count() > 1 && !silent(); }

    /// The containers that it has been asked about and has not answered; none while it is silent.
    [[nodiscard]] const std::set<std::string>& awaited() const;
    /// It has failed, and not answered since; or somebody has waited for it in vain, and it is not through yet. Nobody
    /// waits for it meanwhile.
    [[nodiscard]] bool silent() const noexcept { return failed_ || late_; }
    /// Answers that were kept without labels and variables: there was no room for them.
    [[nodiscard]] std::uint64_t texts_left_out() const noexcept { return texts_.left_out(); }
    void waited_in_vain() noexcept { late_ = !open_.empty() || following_.use_count() > 1; }

    /// What labels and variables of all its containers may take: of some thousand as Kubernetes has them, or of 64 that
    /// have as many as a container may. What does not fit costs a container its own, and keeps its name.
    static constexpr std::size_t texts_limit_bytes = 12U << 20U;
    static constexpr std::size_t questions_at_once = 4;
    static constexpr std::chrono::seconds rest{1};
    static constexpr std::chrono::milliseconds first_pause{100};
    static constexpr int questions = 10;
    static constexpr int delegated_in_a_second = 50;
    static constexpr std::chrono::seconds answer_limit{5};
    /// How old a name may be; with the time that the questions take it is five seconds.
    static constexpr std::chrono::seconds names_lifetime{4};

private:
    struct known {
        directory_entry shown;
        int tries = 0;
        bool waiting = false;   // queued, or being asked
        std::size_t texts = 0;  // bytes, of texts_
        steady_clock::time_point due{};
    };

    void enqueue(const std::string& id, known& one, bool delegated);
    void begin_asking();
    void close(const std::string& id);
    std::string take_next();
    task<> serve_queue(std::shared_ptr<const void> counted);
    void learn(const std::string& id, const result<container>& answer);
    std::shared_ptr<const container> kept(container said, known& as);
    task<> compare_names(std::shared_ptr<const void> counted);
    void answered_again();
    void rest_after(const error& why);
    [[nodiscard]] bool resting() const noexcept { return steady_clock::now() < rests_until_; }
    [[nodiscard]] std::size_t running() const noexcept { return static_cast<std::size_t>(running_.use_count() - 1); }

    runtime& asked_;
    task_group& group_;
    logger& log_;
    const std::function<void()> told_;
    std::map<std::string, known> entries_;
    byte_budget texts_{texts_limit_bytes};
    std::set<std::string> open_;  // the ids of those that are waiting
    const directory_entry never_wanted_{};
    std::deque<std::string> queue_;
    std::deque<std::string> delegated_;  // likewise, served when queue_ is empty
    steady_clock::time_point second_began_{};
    int delegated_in_this_second_ = 0;
    steady_clock::time_point rests_until_{};
    steady_clock::time_point names_heard_{};
    bool failed_ = false;
    bool late_ = false;
    std::shared_ptr<const void> running_ = std::make_shared<int>();    // one more owner for each serve_queue()
    std::shared_ptr<const void> following_ = std::make_shared<int>();  // one more owner while names are compared
};

}  // namespace nodescope::cadvisor
