// Bytes that the connections of a server hold together: bodies that arrive, answers that wait for their readers. No
// caller can take what the others need: each has a part at most, another part is kept for those that are known to be
// allowed before they ask, and what waits for a slow reader gives way. Reactor thread only.
#pragma once

#include "core/deadline.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace nodescope::http {

/// Whose bytes they are.
struct claimant {
    claimant() = default;
    std::string group;      ///< as connections are counted: caller_key(), or what the log shows
    bool admitted = false;  ///< known to be allowed before it asks
};

/// Copies are the same budget.
class fair_budget {
    struct ledger;
    struct shared_limit;

public:
    struct limits {
        std::size_t all = 0;
        std::size_t of_one = 0;  ///< claimants of one group together
        std::size_t kept = 0;    ///< for admitted claimants, once keep_for_admitted() is called
        /// What is held longer than this while it may give way, does so when somebody else needs it; a tenth of it
        /// where that one is admitted and others are not.
        std::chrono::milliseconds patience{0};
        /// Whether the process has room for so many bytes more, whatever its memory is taken by. Empty: always.
        std::function<bool(std::size_t)> has_room = {};
    };

    /// What one thing holds. May outlive the budget.
    class share {
    public:
        share(std::shared_ptr<ledger> from, claimant who);
        share(const share&) = delete;
        share& operator=(const share&) = delete;
        ~share();

        /// Holds so many bytes from now on. False when there is no room for more, in the budget or in the process,
        /// or when it has given way; then it holds what it held.
        [[nodiscard]] bool resize(std::size_t bytes);
        /// From now on, when others need the bytes, they are taken away and `end` is called, which ends their use soon.
        void may_give_way(std::function<void()> end);

    private:
        friend class fair_budget;
        friend struct ledger;
        std::shared_ptr<ledger> from_;
        claimant who_;
        std::size_t bytes_ = 0;
        std::function<void()> end_;
        steady_clock::time_point waits_since_;
        bool gone_ = false;
    };

    explicit fair_budget(limits of);
    /// Besides, no more than `together` with `other`: who is not admitted leaves the larger part that one of the two
    /// keeps, and what has waited long enough gives way to either. Of two or more; all name the same `other`.
    fair_budget(limits of, fair_budget& other, std::size_t together);

    /// There are claimants that are known to be admitted.
    void keep_for_admitted() noexcept;

    /// Of no bytes yet.
    std::shared_ptr<share> open(claimant who);

    [[nodiscard]] std::size_t used() const noexcept;
    [[nodiscard]] std::size_t limit() const noexcept;
    /// Things that found no room, and things that gave way, since the start.
    [[nodiscard]] std::uint64_t refused() const noexcept;
    [[nodiscard]] std::uint64_t given_way() const noexcept;

private:
    std::shared_ptr<ledger> ledger_;
};

}  // namespace nodescope::http
