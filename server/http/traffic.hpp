// What the connections of a server may hold in memory together.
#pragma once

#include "core/resident_memory.hpp"
#include "server/http/fair_budget.hpp"

#include <chrono>
#include <cstddef>

namespace nodescope::http {

/// Of a body or an answer: what a connection has without asking, beside its buffer for heads. Small enough to count by
/// connections alone, and all that most requests and probes need.
inline constexpr std::size_t free_body_bytes = 4U << 10U;
inline constexpr std::size_t free_answer_bytes = 16U << 10U;

/// Bodies are charged in steps, as they arrive.
inline constexpr std::size_t body_step_bytes = 64U << 10U;

/// The longest answer: 600 containers of /metrics with the labels of Kubernetes, or 64 samples of 200 of them.
inline constexpr std::size_t large_answer_bytes = 32U << 20U;

/// Answers that are built, or wait for their readers: the longest, and five usual ones. Some of it is kept for admitted
/// callers, so that others cannot hold up all but the longest of theirs. Bodies have no more beside it: they are in it.
inline constexpr std::size_t answers_bytes = large_answer_bytes + large_answer_bytes / 4;
inline constexpr std::size_t answers_kept_bytes = 8U << 20U;

/// What the process may take with all bodies and answers: the rest to what it may take at all (docs/limits.md) is for
/// what is too small to be charged.
inline constexpr std::size_t holding_limit_bytes = 120U << 20U;
[[nodiscard]] inline bool has_room_to_hold(std::size_t more) { return resident_bytes() + more <= holding_limit_bytes; }

/// How long an answer may wait for its reader although others need the memory.
inline constexpr std::chrono::milliseconds reader_patience{1'000};

/// What the kernel keeps of an answer that is not read, for one connection, before we wait: it counts as ours where
/// cgroups count the memory of sockets.
inline constexpr int unsent_bytes = 16 << 10;

/// What the kernel takes of a client before we read it, for one connection. It doubles that for what it keeps beside
/// the bytes (socket(7)), and would let it grow to megabytes where the client is fast.
inline constexpr int unread_bytes = 64 << 10;

/// Copies are the same budgets.
struct traffic {
    explicit traffic(std::size_t longest_body) : bodies(limits_of_bodies(longest_body)) {}

    /// Two of the longest. One caller has half, and half is kept for callers that are known to be admitted.
    static fair_budget::limits limits_of_bodies(std::size_t longest)
    {
        const std::size_t half = (longest + body_step_bytes - 1) / body_step_bytes * body_step_bytes;
        return {2 * half, half, half, {}, has_room_to_hold};
    }

    fair_budget bodies;
    fair_budget answers{
        fair_budget::limits{answers_bytes, answers_bytes, answers_kept_bytes, reader_patience, has_room_to_hold},
        bodies, answers_bytes};
};

}  // namespace nodescope::http
