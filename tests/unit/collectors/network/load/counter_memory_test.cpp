#include "collectors/network/load/counter_memory.hpp"

#include <gtest/gtest.h>

namespace nodescope {
namespace {

using namespace std::chrono_literals;
using findings::load_counters;

load_counters read_at(std::chrono::milliseconds when, std::uint64_t sent = 0, std::size_t links = 0)
{
    load_counters made;
    made.at += 1h + when;
    made.tcp.sent = sent;
    made.links.resize(links);
    return made;
}

counted_namespace network(ino_t inode)
{
    counted_namespace made;
    made.space = {4, inode};
    made.pid = 7;
    made.start_ticks = 100;
    return made;
}

TEST(CounterMemory, GivesTheNewestThatIsASecondOld)
{
    counter_memory memory;
    EXPECT_FALSE(memory.compare(network(1), read_at(0ms, 10)));
    EXPECT_FALSE(memory.compare(network(1), read_at(999ms, 11)));
    EXPECT_EQ(memory.compare(network(1), read_at(1000ms, 12))->tcp.sent, 10U);
    EXPECT_EQ(memory.compare(network(1), read_at(61s, 13))->tcp.sent, 12U);
    // Ten minutes, and no longer.
    EXPECT_EQ(memory.compare(network(1), read_at(661s, 14))->tcp.sent, 13U);
    EXPECT_FALSE(memory.compare(network(1), read_at(1261s + 1ms, 15)));
}

TEST(CounterMemory, ServesThoseWhoAskWithoutAPause)
{
    counter_memory memory;
    memory.compare(network(1), read_at(0ms, 0));
    for (std::uint64_t step = 1; step < 10; ++step) memory.compare(network(1), read_at(step * 100ms, step));
    for (std::uint64_t step = 10; step < 100; ++step) {
        const auto before = memory.compare(network(1), read_at(step * 100ms, step));
        ASSERT_TRUE(before) << step;
        EXPECT_GE(step - before->tcp.sent, 10U);
        EXPECT_LE(step - before->tcp.sent, 20U);
    }
}

TEST(CounterMemory, TellsNetworksApart)
{
    counter_memory memory;
    memory.compare(network(1), read_at(0s));
    EXPECT_FALSE(memory.compare(network(2), read_at(5s)));
    // The number of a namespace that has gone, and that of a process.
    counted_namespace other = network(1);
    ++other.start_ticks;
    EXPECT_FALSE(memory.compare(other, read_at(5s)));
    other = network(1);
    ++other.pid;
    EXPECT_FALSE(memory.compare(other, read_at(5s)));
    other = network(1);
    ++other.space.device;
    EXPECT_FALSE(memory.compare(other, read_at(5s)));
    EXPECT_TRUE(memory.compare(network(1), read_at(5s)));
}

TEST(CounterMemory, IsBoundedAndForgetsTheOldest)
{
    counter_memory memory;
    for (ino_t number = 0; number < 10'000; ++number) {
        memory.compare(network(number), read_at(number * 1ms, 0, 10));
        ASSERT_LE(memory.bytes(), counter_memory::limit_bytes);
    }
    EXPECT_GT(memory.bytes(), counter_memory::limit_bytes / 2);
    EXPECT_FALSE(memory.compare(network(0), read_at(20s)));
    EXPECT_TRUE(memory.compare(network(9'999), read_at(20s)));
    // One that is too large for all of it.
    memory.compare(network(1), read_at(21s, 0, counter_memory::limit_bytes));
    EXPECT_EQ(memory.bytes(), 0U);
}

TEST(CounterMemory, KeepsNothingThatIsOld)
{
    counter_memory memory;
    memory.compare(network(1), read_at(0s, 0, 1000));
    const std::size_t before = memory.bytes();
    memory.compare(network(2), read_at(601s));
    EXPECT_LT(memory.bytes(), before);
}

}  // namespace
}  // namespace nodescope
