// How many bytes something may hold (an answer, a list, a ring, an event store), charged while it is built. What does
// not fit is counted, so that the answer and /metrics can say what is missing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nodescope {

class byte_budget {
public:
    explicit byte_budget(std::size_t limit_bytes) noexcept : limit_(limit_bytes) {}

    /// Takes `bytes`, or takes nothing and counts one thing as left out. A smaller one may fit afterwards.
    [[nodiscard]] bool charge(std::size_t bytes) noexcept
    {
        if (bytes > left()) {
            leave_out();
            return false;
        }
        used_ += bytes;
        return true;
    }

    /// Gives back what was charged: for what drops its oldest (a ring), or was charged by an estimate.
    void give_back(std::size_t bytes) noexcept { used_ -= bytes < used_ ? bytes : used_; }

    /// Counts what was not even tried.
    void leave_out(std::uint64_t things = 1) noexcept { left_out_ += things; }

    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
    [[nodiscard]] std::size_t used() const noexcept { return used_; }
    [[nodiscard]] std::size_t left() const noexcept { return limit_ - used_; }
    /// Things (series, processes, events), not bytes.
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

private:
    std::size_t limit_;
    std::size_t used_ = 0;
    std::uint64_t left_out_ = 0;
};

}  // namespace nodescope
