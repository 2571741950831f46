// How the calls to one backend (Docker, Kubernetes, the worker threads) ended, counted for metrics.
#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <optional>

namespace nodescope {

struct backend_statistics {
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;  ///< deadline misses included
    std::uint64_t deadline_misses = 0;
    std::optional<bool> up;  ///< the last call got an answer, even if only an error of the backend's own

    /// Whether a call that failed like that was answered all the same, if only by "I cannot".
    static bool was_answered(failure kind) noexcept
    {
        return kind != failure::unavailable && kind != failure::denied && kind != failure::timed_out;
    }
    /// One call has ended. Calls that the asker gave up are not counted.
    void count(bool answered, bool missed) noexcept
    {
        ++calls;
        if (!answered) ++failures;
        if (missed) ++deadline_misses;
        up = answered;
    }
    /// Adds those of another peer that gets the same questions: up when either is.
    void add(const backend_statistics& other) noexcept
    {
        calls += other.calls;
        failures += other.failures;
        deadline_misses += other.deadline_misses;
        if (other.up) up = up.value_or(false) || *other.up;
    }
};

}  // namespace nodescope
