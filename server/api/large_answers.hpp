// Answers that may have megabytes: one is put together at a time, and what they hold together has a budget in bytes,
// from before they are built until they have been sent. What the process takes already is looked at too, whatever it
// is taken by. Reactor thread only.
#pragma once

#include "core/deadline.hpp"
#include "core/resident_memory.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"
#include "server/http/message.hpp"
#include "server/http/traffic.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace nodescope::api {

using http::large_answer_bytes;
/// What the reactor renders itself, which takes it less than a millisecond.
inline constexpr std::size_t short_answer_bytes = 256U << 10U;

/// What the service may take with the answer that is built: the rest to what it may take at all (docs/limits.md) is for
/// what arrives meanwhile.
inline constexpr std::size_t building_limit_bytes = 112U << 20U;
/// Who has no room for that much is to come again.
inline constexpr std::size_t least_answer_bytes = 4U << 20U;

class large_answers {
public:
    /// `memory` is what all answers of the server are charged to; `resident` says what the process takes.
    explicit large_answers(http::fair_budget memory, std::function<std::size_t()> resident = resident_bytes)
        : memory_(std::move(memory)), resident_(std::move(resident))
    {
    }

    /// The right to build one.
    class place {
    public:
        place() = default;

        /// What it may have, about: less than was asked for while the service takes much.
        [[nodiscard]] std::size_t limit_bytes() const noexcept { return limit_bytes_; }
        /// The answer was built: it has its own bytes from now on, until it has been sent, and the next may begin.
        void hand_over(http::reply& answer) &&;

    private:
        friend class large_answers;
        slot_pool::slot slot_;
        std::shared_ptr<http::fair_budget::share> share_;
        std::size_t limit_bytes_ = 0;
    };

    /// The right to look at containers for an answer, large or not: held until the answer is there, because what was
    /// found takes megabytes on a node with thousands of cgroups. Errors as below.
    task<result<slot_pool::slot>> look(deadline limit) { return looking_.acquire(limit); }

    /// Waits for the place of an answer that has `bytes`, about. failure::overloaded when too many wait, when answers
    /// that nobody reads hold the bytes, or when the service takes too much; failure::timed_out, failure::cancelled.
    task<result<place>> begin(http::claimant who, deadline limit, std::size_t bytes = large_answer_bytes);

private:
    /// Enough that a slow look holds up nobody else.
    static constexpr std::size_t looks_limit = 4;
    /// As many as connections may be: who waits for a look holds nothing but its request.
    static constexpr std::size_t waiting_looks_limit = 512;
    static constexpr std::size_t waiting_limit = 16;
    slot_pool looking_{"looks at containers", looks_limit, waiting_looks_limit};
    slot_pool building_{"large answers", 1, waiting_limit};
    http::fair_budget memory_;
    std::function<std::size_t()> resident_;
};

}  // namespace nodescope::api
