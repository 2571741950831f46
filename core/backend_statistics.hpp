// How the calls to one backend (Docker, Kubernetes, the worker threads) ended, counted for metrics.
#pragma once

#include <cstdint>
#include <optional>

namespace nodescope {

struct backend_statistics {
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;  ///< deadline misses included
    std::uint64_t deadline_misses = 0;
    std::optional<bool> up;  ///< the last call got an answer, be it an error of the backend's own

    /// One call has ended. What the asker gave up is not counted.
    void count(bool answered, bool missed) noexcept
    {
        ++calls;
        if (!answered) ++failures;
        if (missed) ++deadline_misses;
        up = answered;
    }
    /// Of another peer that the same questions go to: up when either is.
    void add(const backend_statistics& other) noexcept
    {
        calls += other.calls;
        failures += other.failures;
        deadline_misses += other.deadline_misses;
        if (other.up) up = up.value_or(false) || *other.up;
    }
};

}  // namespace nodescope
