// The newest samples of one container, bounded by age, by number and by bytes. Groups that did not change are shared
// with the sample before, so that the ring of an idle container holds little more than its times. Pure.
#pragma once

#include "collectors/cadvisor/model.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <vector>

namespace nodescope::cadvisor {

class sample_ring {
public:
    /// Drops what is older than `history` seen from `newest`. A sample that is not newer than the last is not taken,
    /// unless the clock was set back since: then it is the first of a new history.
    /// The oldest are dropped and counted while they take more than `limit_bytes`; the newest stays.
    /// False: not taken.
    bool add(sample newest, std::size_t limit_bytes = std::numeric_limits<std::size_t>::max());

    /// The newest `count`, oldest first; -1: all.
    [[nodiscard]] std::vector<sample> newest(std::int64_t count) const;
    /// How many newest() gives.
    [[nodiscard]] std::size_t count(std::int64_t wanted) const noexcept;
    /// nullptr: none.
    [[nodiscard]] const sample* last() const noexcept { return samples_.empty() ? nullptr : &samples_.back(); }
    void clear() noexcept
    {
        samples_.clear();
        bytes_ = 0;
    }
    /// What the samples take, what they share counted once.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// Samples that were dropped because there was no room for them.
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

    /// As long as cAdvisor keeps samples by default (--storage_duration).
    static constexpr std::chrono::minutes history{2};
    /// By how much a measurement may be overtaken by one that began later: the longest that one may take.
    static constexpr std::chrono::seconds clock_tolerance{10};
    /// Two minutes at two samples a second: `max_age` lets askers add to the regular ones.
    static constexpr std::size_t sample_limit = 240;

private:
    void drop_oldest();

    std::deque<sample> samples_;
    std::size_t bytes_ = 0;
    std::uint64_t left_out_ = 0;
};

}  // namespace nodescope::cadvisor
