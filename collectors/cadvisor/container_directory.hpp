// What the runtimes say of the containers on the node, by id: names and labels. Each container is asked about once when
// it appears, in the background; a runtime that is away or hangs costs names, never an answer. Reactor thread only.
#pragma once

#include "collectors/runtime/runtimes.hpp"
#include "core/deadline.hpp"
#include "core/event.hpp"
#include "core/log.hpp"
#include "core/task.hpp"
#include "core/task_group.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

namespace nodescope::cadvisor {

class container_directory {
public:
    enum class standing {
        unknown,  ///< not answered yet, or the container has no process yet
        named,    ///< a runtime has it
        foreign,  ///< no runtime that we ask has it
    };
    struct entry {
        standing says = standing::unknown;
        std::shared_ptr<const container> state;  ///< with standing::named
        steady_clock::time_point asked{};        ///< when the last answer came
    };

    /// All outlive the directory. Without any runtime every container is foreign.
    container_directory(const runtimes& asked, task_group& group, logger& log);
    container_directory(const container_directory&) = delete;
    container_directory& operator=(const container_directory&) = delete;

    /// What is known now; never asked before: unknown. Valid until something else is called.
    [[nodiscard]] const entry& look(const std::string& id) const;
    /// Another number whenever look() may say something else than before.
    [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }
    /// Asks about it in the background if it is new or due to be asked again.
    void want(const std::string& id);
    /// What was said is no longer so: the process has ended, or it is old.
    void ask_again(const std::string& id);
    void forget(const std::string& id);
    /// With what its main process ended, as soon as its runtime has noticed; -1: nobody knows.
    task<int> exit_code(std::string id, deadline limit);

    /// Waits until all who were wanted have been asked once, but never long: `patience`, and not at all while the
    /// daemon is unwell. Cancellation ends the wait.
    task<> settle(deadline limit);
    /// The daemon has just failed or not answered: nobody should wait for it.
    [[nodiscard]] bool unwell() const noexcept { return steady_clock::now() < unwell_until_; }

    /// Questions at a time: leaves half of the client's slots to people.
    static constexpr std::size_t questions_at_once = 4;
    static constexpr std::chrono::seconds patience{1};
    /// How long a daemon that failed is left alone.
    static constexpr std::chrono::seconds rest{10};
    /// A cgroup is there before its container is known, so a "no" is not believed at once: asked again with pauses
    /// from `first_pause`, doubled each time, this often.
    static constexpr std::chrono::milliseconds first_pause{100};
    static constexpr int questions = 10;
    /// One question; a daemon that needs longer is unwell.
    static constexpr std::chrono::seconds answer_limit{5};

private:
    struct known {
        entry shown;
        int tries = 0;
        bool waiting = false;  // queued, or being asked
        steady_clock::time_point due{};
    };

    void start_asking();
    task<> ask_until_done(std::shared_ptr<const void> counted);
    void learn(const std::string& id, const result<container>& answer);
    void rest_after(const error& why);
    [[nodiscard]] bool asking() const;

    const runtimes& runtimes_;
    task_group& group_;
    logger& log_;
    std::map<std::string, known> entries_;
    const entry never_asked_;
    std::uint64_t revision_ = 0;
    std::deque<std::string> queue_;
    steady_clock::time_point unwell_until_{};
    bool was_unwell_ = false;
    // Shared with frames that are destroyed after this object when the reactor ends.
    std::shared_ptr<std::size_t> askers_ = std::make_shared<std::size_t>(0);
    nodescope::event changed_;
};

}  // namespace nodescope::cadvisor
