// What is kept of a container's samples, and for how long.
#include "collectors/cadvisor/sample_ring.hpp"

#include <gtest/gtest.h>

using namespace nodescope;
using namespace nodescope::cadvisor;
using std::chrono::seconds;

namespace {

sample at(int second, std::uint64_t total)
{
    sample one;
    one.timestamp = time_point(seconds(second));
    host::cpu_usage cpu;
    cpu.total = total;
    one.cpu = std::make_shared<const host::cpu_usage>(cpu);
    return one;
}

}  // namespace

TEST(SampleRing, KeepsTwoMinutesAndSharesWhatDidNotChange)
{
    sample_ring ring;
    for (int second = 0; second <= 200; ++second) ring.add(at(second, 7));
    EXPECT_EQ(ring.newest(-1).size(), 121U);
    const auto two = ring.newest(2);
    ASSERT_EQ(two.size(), 2U);
    EXPECT_EQ(two[0].timestamp, time_point(seconds(199)));
    EXPECT_EQ(two[0].cpu, two[1].cpu);
    ring.add(at(200, 9));
    EXPECT_EQ(ring.last()->cpu->total, 7U) << "not newer, so not taken";
    EXPECT_EQ(ring.newest(0).size(), 0U);
    EXPECT_EQ(ring.newest(-1).size(), 121U);
}

TEST(SampleRing, BeginsAnewWhenTheClockWasSetBack)
{
    sample_ring ring;
    EXPECT_TRUE(ring.add(at(7200, 5)));
    EXPECT_FALSE(ring.add(at(7199, 6))) << "overtaken by one that began later";
    EXPECT_TRUE(ring.add(at(3600, 7)));
    EXPECT_TRUE(ring.add(at(3601, 8)));
    ASSERT_EQ(ring.newest(-1).size(), 2U);
    EXPECT_EQ(ring.last()->cpu->total, 8U);
}

TEST(SampleRing, DropsTheOldestBeyondItsBytes)
{
    sample_ring ring;
    ring.add(at(1, 1));
    const std::size_t one = ring.bytes();
    EXPECT_GT(one, sizeof(sample));
    for (int second = 2; second <= 20; ++second) ring.add(at(second, static_cast<std::uint64_t>(second)), 5 * one);
    EXPECT_EQ(ring.newest(-1).size(), 5U);
    EXPECT_EQ(ring.left_out(), 15U);
    EXPECT_EQ(ring.bytes(), 5 * one);
    ring.add(at(21, 21), 1);
    EXPECT_EQ(ring.newest(-1).size(), 1U) << "the newest stays";
    ring.clear();
    EXPECT_EQ(ring.bytes(), 0U);
}

TEST(SampleRing, CountsWhatSamplesShareOnce)
{
    sample_ring ring;
    ring.add(at(1, 7));
    const std::size_t one = ring.bytes();
    for (int second = 2; second <= 10; ++second) ring.add(at(second, 7));
    EXPECT_EQ(ring.bytes(), one + 9 * sizeof(sample));
    ring.add(at(200, 7));
    EXPECT_EQ(ring.newest(-1).size(), 1U);
    EXPECT_EQ(ring.bytes(), one);
}
