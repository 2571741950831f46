// The newest samples of one container, bounded by age and by number. Groups that did not change are shared with the
// sample before, so that the ring of an idle container holds little more than its times. Pure.
#pragma once

#include "collectors/cadvisor/model.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace nodescope::cadvisor {

class sample_ring {
public:
    /// Drops what is older than `history` seen from `newest`. A sample that is not newer than the last is not taken,
    /// unless the clock was set back since: then it is the first of a new history.
    /// False: not taken.
    bool add(sample newest);

    /// The newest `count`, oldest first; -1: all.
    [[nodiscard]] std::vector<sample> newest(std::int64_t count) const;
    /// nullptr: none.
    [[nodiscard]] const sample* last() const noexcept { return samples_.empty() ? nullptr : &samples_.back(); }
    [[nodiscard]] std::size_t size() const noexcept { return samples_.size(); }
    void clear() noexcept { samples_.clear(); }

    /// As long as cAdvisor keeps samples by default (--storage_duration).
    static constexpr std::chrono::minutes history{2};
    /// By how much a measurement may be overtaken by one that began later: the longest that one may take.
    static constexpr std::chrono::seconds clock_tolerance{10};
    /// Two minutes at two samples a second: `max_age` lets askers add to the regular ones.
    static constexpr std::size_t sample_limit = 240;

private:
    std::deque<sample> samples_;
};

}  // namespace nodescope::cadvisor
