// Summaries beside a second reading of what cAdvisor defines: the definition step by step, over lists that keep
// everything.
#include "collectors/cadvisor/summary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

using namespace nodescope::cadvisor;
using namespace std::chrono_literals;
using std::chrono::seconds;

namespace {

using numbers = std::vector<std::uint64_t>;

struct point {
    time_point when;
    std::uint64_t cpu = 0;
    std::uint64_t memory = 0;
};

// The value at the place p * (n + 1) of the ranked ones, counted from 1, and between two of them in proportion.
std::uint64_t percentile(numbers values, double p)
{
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const auto n = static_cast<double>(values.size());
    const auto v = [&](double i) { return static_cast<double>(values.at(static_cast<std::size_t>(i) - 1)); };
    const double x = p * (n + 1);
    const double i = std::min(std::max(std::floor(x), 1.0), n);
    double result = v(i);
    if (i > 1 && i < n) result += (x - std::floor(x)) * (v(i + 1) - v(i));
    return static_cast<std::uint64_t>(result);
}

double mean_of(const numbers& values)
{
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::uint64_t deviation_of(const numbers& values, double around)
{
    if (values.size() < 2) return 0;
    double sum = 0;
    for (const auto value : values) sum += std::pow(static_cast<double>(value) - around, 2);
    return static_cast<std::uint64_t>(std::sqrt(sum / static_cast<double>(values.size() - 1)));
}

// Mean and maximum of the one, percentiles of the other.
percentiles figures(const numbers& means, const numbers& maxima, const numbers& ranked)
{
    percentiles all;
    all.present = true;
    all.mean = static_cast<std::uint64_t>(mean_of(means));
    all.max = *std::max_element(maxima.begin(), maxima.end());
    all.standard_deviation = deviation_of(ranked, mean_of(means));
    all.fifty = percentile(ranked, 0.5);
    all.ninety = percentile(ranked, 0.9);
    all.ninety_five = percentile(ranked, 0.95);
    all.count = ranked.size();
    return all;
}

// A minute, from its samples.
struct minute {
    percentiles cpu;
    percentiles memory;
};
minute minute_of(const std::vector<point>& points)
{
    numbers cpu;
    numbers memory{points.front().memory};
    point good = points.front();
    for (auto one = points.begin() + 1; one != points.end(); ++one) {
        if (one->when - good.when < 10ms || one->cpu < good.cpu) continue;
        cpu.push_back((one->cpu - good.cpu) * 1000 / static_cast<std::uint64_t>((one->when - good.when).count()));
        memory.push_back(one->memory);
        good = *one;
    }
    return {figures(cpu, cpu, cpu), figures(memory, memory, memory)};
}

percentiles hour_of(const std::vector<minute>& expected, percentiles minute::*what)
{
    numbers means;
    numbers maxima;
    numbers nineties;
    for (const minute& one : expected) {
        means.push_back((one.*what).mean);
        maxima.push_back((one.*what).max);
        nineties.push_back((one.*what).ninety);
    }
    return figures(means, maxima, nineties);
}

// The running mean may differ from the sum's in its last digit.
void expect_same(const percentiles& got, const percentiles& wanted)
{
    EXPECT_EQ(got.present, wanted.present);
    EXPECT_NEAR(static_cast<double>(got.mean), static_cast<double>(wanted.mean), 1);
    EXPECT_NEAR(static_cast<double>(got.standard_deviation), static_cast<double>(wanted.standard_deviation), 1);
    EXPECT_EQ(got.max, wanted.max);
    EXPECT_EQ(got.fifty, wanted.fifty);
    EXPECT_EQ(got.ninety, wanted.ninety);
    EXPECT_EQ(got.ninety_five, wanted.ninety_five);
    EXPECT_EQ(got.count, wanted.count);
}

}  // namespace

TEST(Summary, IsWhatTheContractDefines)
{
    std::mt19937 random(42);
    summary_keeper keeper;
    point now{time_point(1'700'000'000s), 5'000'000'000, 1 << 20};
    std::vector<point> collected;
    std::vector<minute> expected;
    for (int step = 0; step < 6000; ++step) {
        // Mostly a second or so; one in twenty too close to the one before, one in fifty with a counter that fell back.
        now.when += random() % 20 == 0 ? std::chrono::milliseconds(random() % 10)
                                       : std::chrono::milliseconds(500 + random() % 1500);
        now.cpu = random() % 50 == 0 ? now.cpu - std::min<std::uint64_t>(now.cpu, 3'000'000'000)
                                     : now.cpu + random() % 2'000'000'000;
        now.memory = 1'000'000 + random() % 100'000'000;
        keeper.add(now.when, now.cpu, now.memory);
        collected.push_back(now);
        if (now.when - collected.front().when <= 60s) continue;

        expected.push_back(minute_of(collected));
        if (expected.size() > 60) expected.erase(expected.begin());
        collected = {now};
        const usage_summary& got = keeper.current();
        SCOPED_TRACE(step);
        EXPECT_EQ(got.timestamp, now.when);
        EXPECT_EQ(got.minute.percent_complete, 100);
        expect_same(got.minute.cpu, expected.back().cpu);
        expect_same(got.minute.memory, expected.back().memory);
        EXPECT_EQ(got.hour.percent_complete, static_cast<int>(expected.size()) * 100 / 60);
        EXPECT_EQ(got.day.percent_complete, static_cast<int>(expected.size()) * 100 / 1440);
        expect_same(got.hour.cpu, hour_of(expected, &minute::cpu));
        expect_same(got.hour.memory, hour_of(expected, &minute::memory));
        EXPECT_EQ(got.day.cpu, got.hour.cpu);
        EXPECT_EQ(got.day.memory, got.hour.memory);
        if (HasFailure()) return;
    }
    EXPECT_EQ(expected.size(), 60U);
}

// Sampling ends when nobody asks: what comes an hour later has nothing to do with what was before.
TEST(Summary, ForgetsAMinuteThatWasInterrupted)
{
    summary_keeper keeper;
    for (int second = 0; second < 30; ++second) keeper.add(time_point(std::chrono::seconds(second)), 0, 1'000'000);
    keeper.add(time_point(1h), 0, 7);
    EXPECT_FALSE(keeper.current().minute.memory.present);
    for (int second = 1; second <= 61; ++second) keeper.add(time_point(1h + std::chrono::seconds(second)), 0, 7);
    EXPECT_TRUE(keeper.current().minute.memory.present);
    EXPECT_EQ(keeper.current().minute.memory.max, 7U);
}

TEST(Percentile, FollowsTheContract)
{
    EXPECT_EQ(percentile_of({}, 0.5), 0U);
    EXPECT_EQ(percentile_of({4}, 0.95), 4U);
    EXPECT_EQ(percentile_of({1, 100}, 0.5), 1U) << "no interpolation at i = 1";
    EXPECT_EQ(percentile_of({10, 20, 40, 80}, 0.5), 30U);
    EXPECT_EQ(percentile_of({10, 20, 40, 80}, 0.9), 80U);
}

TEST(Summary, KeepsToItsBytes)
{
    constexpr std::size_t limit_bytes = 560;
    summary_keeper keeper;
    for (int second = 0; second <= 3600; ++second) {
        const auto memory = static_cast<std::uint64_t>(second < 3000 ? 1 : 100);
        keeper.add(time_point(seconds(second)), static_cast<std::uint64_t>(second) * 500'000'000, memory, limit_bytes);
    }
    const usage_summary& got = keeper.current();
    EXPECT_EQ(got.latest_cpu, 500U);
    EXPECT_GE(got.minute.memory.count, 5U);
    EXPECT_LE(got.minute.memory.count, 12U);
    EXPECT_EQ(got.minute.cpu.mean, 500U);
    EXPECT_EQ(got.hour.percent_complete, 8) << "five minutes";
    EXPECT_EQ(got.hour.memory.ninety, 100U);
}

TEST(Summary, BoundsTheSamplesOfAMinute)
{
    summary_keeper keeper;
    for (int step = 0; step <= 6'100; ++step) keeper.add(time_point(step * 10ms), 0, 7);
    EXPECT_LE(keeper.current().minute.memory.count, summary_keeper::points_limit + 1);
    EXPECT_GT(keeper.current().minute.memory.count, summary_keeper::points_limit / 3);
}

TEST(Summary, MakesAMinuteOfMoreThanSixtySeconds)
{
    summary_keeper keeper;
    for (int second = 0; second <= 60; ++second) {
        keeper.add(time_point(seconds(second)), static_cast<std::uint64_t>(second) * 500'000'000, 100);
    }
    EXPECT_FALSE(keeper.current().minute.cpu.present);
    EXPECT_EQ(keeper.current().latest_cpu, 500U);
    keeper.add(time_point(seconds(61)), 61ULL * 500'000'000, 162);
    const usage_summary& now = keeper.current();
    EXPECT_EQ(now.minute.percent_complete, 100);
    EXPECT_EQ(now.minute.cpu.count, 61U);
    EXPECT_EQ(now.minute.memory.count, 62U) << "one more than there are rates";
    EXPECT_EQ(now.minute.cpu.mean, 500U);
    EXPECT_EQ(now.minute.memory.mean, 101U);
    EXPECT_EQ(now.minute.memory.max, 162U);
    EXPECT_EQ(now.hour.percent_complete, 1);
    EXPECT_EQ(now.day.percent_complete, 0);
    EXPECT_EQ(now.hour.memory.ninety, 100U);
    keeper.add(time_point(seconds(62)), 0, 5);
    EXPECT_EQ(keeper.current().latest_cpu, 0U) << "a counter that went down";
}

TEST(Summary, GoesOnWhenTheClockWasSetBack)
{
    summary_keeper keeper;
    keeper.add(time_point(seconds(7200)), 0, 100);
    for (int second = 0; second <= 61; ++second) {
        keeper.add(time_point(seconds(second)), static_cast<std::uint64_t>(second) * 1'000'000'000, 200);
    }
    EXPECT_EQ(keeper.current().minute.percent_complete, 100);
    EXPECT_EQ(keeper.current().minute.memory.max, 200U);
    EXPECT_EQ(keeper.current().minute.cpu.mean, 1000U);
}
