#include "collectors/cadvisor/summary.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace nodescope::cadvisor {

namespace {

using std::chrono::nanoseconds;

/// The values of one resource in one period. Mean and maximum are of the values given, percentiles and deviation of
/// `ranked`: the same values in a minute, the 90th percentiles of the minutes in an hour.
class distribution {
public:
    void add(std::uint64_t mean, std::uint64_t max, std::uint64_t ranked)
    {
        max_ = std::max(max_, max);
        ranked_.push_back(ranked);
        // A running mean, rounded as cAdvisor rounds it, rather than a sum: the last digits are compared.
        const auto count = static_cast<double>(ranked_.size());
        const auto value = static_cast<double>(mean);
        mean_ = ranked_.size() == 1 ? value : (mean_ * (count - 1) + value) / count;
    }
    void add(std::uint64_t value) { add(value, value, value); }

    [[nodiscard]] percentiles figures()
    {
        std::sort(ranked_.begin(), ranked_.end());
        percentiles all;
        all.present = true;
        all.mean = static_cast<std::uint64_t>(mean_);
        all.standard_deviation = deviation();
        all.max = max_;
        all.fifty = percentile_of(ranked_, 0.5);
        all.ninety = percentile_of(ranked_, 0.9);
        all.ninety_five = percentile_of(ranked_, 0.95);
        all.count = ranked_.size();
        return all;
    }

private:
    [[nodiscard]] std::uint64_t deviation() const
    {
        if (ranked_.size() < 2) return 0;
        double sum = 0;
        for (const std::uint64_t value : ranked_) {
            const double distance = static_cast<double>(value) - mean_;
            sum += distance * distance;
        }
        return static_cast<std::uint64_t>(std::sqrt(sum / static_cast<double>(ranked_.size() - 1)));
    }

    std::vector<std::uint64_t> ranked_;
    double mean_ = 0;
    std::uint64_t max_ = 0;
};

/// Thousandths of a CPU between two points; none when the pair cannot be used.
std::optional<std::uint64_t> cpu_rate(time_point before, std::uint64_t total_before, time_point after,
                                      std::uint64_t total_after)
{
    constexpr std::chrono::milliseconds shortest{10};
    const nanoseconds elapsed = after - before;
    if (elapsed < shortest || total_after < total_before) return std::nullopt;
    return (total_after - total_before) * 1000 / static_cast<std::uint64_t>(elapsed.count());
}

}  // namespace

std::uint64_t percentile_of(const std::vector<std::uint64_t>& sorted, double share) noexcept
{
    if (sorted.empty()) return 0;
    const std::size_t count = sorted.size();
    double whole = 0;
    const double rest = std::modf(share * (static_cast<double>(count) + 1), &whole);
    const std::size_t index = std::clamp<std::size_t>(static_cast<std::size_t>(whole), 1, count);
    auto value = static_cast<double>(sorted[index - 1]);
    if (index > 1 && index < count) value += rest * static_cast<double>(sorted[index] - sorted[index - 1]);
    return static_cast<std::uint64_t>(value);
}

void summary_keeper::add(time_point when, std::uint64_t cpu_total, std::uint64_t working_set, std::size_t limit_bytes)
{
    constexpr std::chrono::seconds a_minute{60};
    // A clock that was set back would keep the minute from ending until it has caught up.
    const bool resumed = !points_.empty() && (when - points_.back().when > longest_gap || when < points_.back().when);
    if (resumed) points_.clear();
    constexpr std::size_t fewest = 4;
    if (points_.size() >= std::clamp(limit_bytes / 2 / sizeof(point), fewest, points_limit)) halve_points();
    points_.push_back({when, cpu_total, working_set});
    update_latest();
    if (points_.back().when - points_.front().when > a_minute) complete_minute(limit_bytes);
}

/// Every second one goes, the first and the last stay.
void summary_keeper::halve_points()
{
    const point last = points_.back();
    std::size_t kept = 0;
    for (std::size_t at = 0; at < points_.size(); at += 2) points_[kept++] = points_[at];
    points_.resize(kept);
    if (points_.back().when != last.when) points_.push_back(last);
}

void summary_keeper::update_latest()
{
    const point& newest = points_.back();
    current_.timestamp = newest.when;
    current_.latest_memory = newest.working_set;
    current_.latest_cpu = 0;
    if (points_.size() < 2) return;
    const point& before = points_[points_.size() - 2];
    current_.latest_cpu = cpu_rate(before.when, before.cpu_total, newest.when, newest.cpu_total).value_or(0);
}

void summary_keeper::complete_minute(std::size_t limit_bytes)
{
    distribution cpu;
    distribution memory;
    const point* last_good = nullptr;
    for (const point& one : points_) {
        if (last_good != nullptr) {
            const auto rate = cpu_rate(last_good->when, last_good->cpu_total, one.when, one.cpu_total);
            if (!rate) continue;
            cpu.add(*rate);
        }
        memory.add(one.working_set);
        last_good = &one;
    }
    const time_point end = points_.back().when;
    points_.front() = points_.back();
    points_.resize(1);
    points_.shrink_to_fit();

    current_.minute.percent_complete = 100;
    current_.minute.cpu = cpu.figures();
    current_.minute.memory = memory.figures();
    const auto kept = [](const percentiles& all) { return minute_figures{all.mean, all.max, all.ninety}; };
    minutes_.push_back({end, kept(current_.minute.cpu), kept(current_.minute.memory)});
    const std::size_t most = std::clamp<std::size_t>(limit_bytes / 2 / sizeof(minute), 1, minutes_kept);
    while (minutes_.size() > most || minutes_.front().end < end - oldest_minute) minutes_.erase(minutes_.begin());
    update_long_periods();
}

void summary_keeper::update_long_periods()
{
    distribution cpu;
    distribution memory;
    for (const minute& one : minutes_) {
        cpu.add(one.cpu.mean, one.cpu.max, one.cpu.ninety);
        memory.add(one.memory.mean, one.memory.max, one.memory.ninety);
    }
    const int count = static_cast<int>(minutes_.size());
    current_.hour.percent_complete = count * 100 / static_cast<int>(minutes_kept);
    current_.hour.cpu = cpu.figures();
    current_.hour.memory = memory.figures();
    // As in cAdvisor, the day is read from the same store of 60 minutes.
    current_.day = current_.hour;
    current_.day.percent_complete = count * 100 / minutes_of_day;
}

}  // namespace nodescope::cadvisor
