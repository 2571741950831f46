// Minute, hour and day of a container's CPU and memory, by cAdvisor's arithmetic, since clients plot and compare them.
// Pure.
#pragma once

#include "collectors/cadvisor/model.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace nodescope::cadvisor {

/// Percentile `share` (0.5, 0.9, 0.95) of sorted values, interpolated as cAdvisor does; 0 without values.
std::uint64_t percentile_of(const std::vector<std::uint64_t>& sorted, double share) noexcept;

class summary_keeper {
public:
    /// Adds a sample's time, CPU nanoseconds in total and working set in bytes. Times must not go back. Where all that
    /// is kept would take more than `limit_bytes`, the hour has fewer minutes, and a minute fewer samples.
    void add(time_point when, std::uint64_t cpu_total, std::uint64_t working_set,
             std::size_t limit_bytes = std::numeric_limits<std::size_t>::max());

    [[nodiscard]] const usage_summary& current() const noexcept { return current_; }

    static constexpr std::size_t minutes_kept = 60;
    /// Samples of a minute: as many as a ring has of two.
    static constexpr std::size_t points_limit = 240;
    static constexpr int minutes_of_day = 1440;
    /// A pause in the sampling that is longer than this begins the minute again: its mean would speak of the pause.
    static constexpr std::chrono::minutes longest_gap{2};
    /// A minute that is older says nothing of the last hour, however few came since.
    static constexpr std::chrono::minutes oldest_minute{90};

private:
    struct point {
        time_point when;
        std::uint64_t cpu_total = 0;
        std::uint64_t working_set = 0;
    };
    /// What an hour is made of.
    struct minute_figures {
        std::uint64_t mean = 0;
        std::uint64_t max = 0;
        std::uint64_t ninety = 0;
    };
    struct minute {
        time_point end;
        minute_figures cpu;
        minute_figures memory;
    };

    void update_latest();
    void halve_points();
    void complete_minute(std::size_t limit_bytes);
    void update_long_periods();

    std::vector<point> points_;  // of the minute that is being collected
    std::vector<minute> minutes_;
    usage_summary current_;
};

}  // namespace nodescope::cadvisor
