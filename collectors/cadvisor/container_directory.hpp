// What the runtimes say of the containers on the node, by id: names and labels. Each container is asked about once when
// it appears, in the background, and all runtimes at the same time; one that is away or hangs costs the names of its
// own containers, never an answer, and nothing of the others'. Reactor thread only.
#pragma once

#include "collectors/cadvisor/runtime_desk.hpp"
#include "collectors/runtime/runtimes.hpp"
#include "core/deadline.hpp"
#include "core/event.hpp"
#include "core/log.hpp"
#include "core/task.hpp"
#include "core/task_group.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nodescope::cadvisor {

class container_directory {
public:
    using standing = cadvisor::standing;
    using entry = directory_entry;

    /// All outlive the directory; `all` gets no more runtimes. Without any runtime every container is foreign.
    container_directory(const runtimes& all, task_group& group, logger& log);
    container_directory(const container_directory&) = delete;
    container_directory& operator=(const container_directory&) = delete;

    /// What is known now: where several runtimes have it, what the first of them says; foreign only once all that are
    /// there have said so. Never asked before: unknown. Valid until something else is called.
    [[nodiscard]] const entry& look(const std::string& id) const;
    /// Another number whenever look() may say something else than before.
    [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }
    /// Asks about it in the background if it is new or due to be asked again. What anybody can have given this id (a
    /// user with a cgroup subtree) is asked about after all else, and no more than delegated_in_a_second of it.
    void want(const std::string& id, bool delegated = false);
    /// What was said is no longer so: the process has ended, or it is old.
    void refresh(const std::string& id);
    void forget(const std::string& id);
    /// Asks in the background what is called otherwise than it was, of each runtime once in names_lifetime.
    void follow_renames();
    /// The runtime that has it; null: none has said so.
    [[nodiscard]] runtime* runtime_of(const std::string& id) const;
    /// What its runtime says of it as soon as it has noticed the end of its process: how that ended, and when. None
    /// where it does not say. `of` is the runtime that had it; null: each is asked.
    task<std::optional<container>> last_state(std::string id, runtime* of, deadline limit);

    /// Waits until all who were wanted have been asked once, but never long: `patience`, and not at all for a runtime
    /// that is silent. Cancellation ends the wait.
    task<> settle(deadline limit);
    /// A runtime has just failed or not answered: nobody should wait for it.
    [[nodiscard]] bool unwell() const noexcept;
    /// Since the start, of all runtimes.
    [[nodiscard]] std::uint64_t texts_left_out() const noexcept;

    /// Questions to a runtime at a time: leaves half of the client's slots to people.
    static constexpr std::size_t questions_at_once = runtime_desk::questions_at_once;
    static constexpr std::chrono::seconds patience{1};
    /// How long a runtime that failed is left alone.
    static constexpr std::chrono::seconds rest = runtime_desk::rest;
    /// A cgroup is there before its container is known, so a "no" is not believed at once: asked again with pauses
    /// from `first_pause`, doubled each time, this often.
    static constexpr std::chrono::milliseconds first_pause = runtime_desk::first_pause;
    static constexpr int questions = runtime_desk::questions;
    static constexpr int delegated_in_a_second = runtime_desk::delegated_in_a_second;
    static constexpr std::chrono::seconds names_lifetime = runtime_desk::names_lifetime;
    /// One question; a daemon that needs longer is silent.
    static constexpr std::chrono::seconds answer_limit = runtime_desk::answer_limit;
    /// How old may be what is known of which runtimes are there.
    static constexpr std::chrono::seconds presence_lifetime{1};

private:
    struct seat {
        std::unique_ptr<runtime_desk> desk;
        bool taken = true;  // that runtime is there
    };

    void see_who_is_there();
    void hear();
    [[nodiscard]] bool is_awaited(const runtime_desk& one) const;
    [[nodiscard]] bool is_awaited() const;
    [[nodiscard]] bool is_silent(const runtime* which) const noexcept;
    [[nodiscard]] const seat* seat_of(const std::string& id) const;

    const runtimes& runtimes_;
    std::vector<seat> seats_;  // in the order of the runtimes
    const entry of_nobody_{standing::foreign};
    std::uint64_t revision_ = 0;
    steady_clock::time_point seen_until_{};
    nodescope::event changed_;
};

}  // namespace nodescope::cadvisor
