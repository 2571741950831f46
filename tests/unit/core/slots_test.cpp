#include "core/slots.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace nodescope {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

TEST(SlotPool, GivesPlacesAndTakesThemBack)
{
    slot_pool pool("network operations", 2, 4);
    {
        const auto first = run_task(pool.acquire(deadline::in(10s)));
        const auto second = run_task(pool.acquire(deadline::in(10s)));
        ASSERT_TRUE(first && second);
        EXPECT_FALSE(run_task(pool.acquire(deadline::in(5ms))));
    }
    EXPECT_TRUE(run_task(pool.acquire(deadline::in(10s))));
}

TEST(SlotPool, SaysWhichPlacesWereBusyForHowLong)
{
    slot_pool pool("network operations", 1, 1);
    const auto held = run_task(pool.acquire(deadline::in(10s)));
    // The second time too: who has given up no longer fills the queue.
    for (int i = 0; i < 2; ++i) {
        const auto got = run_task(pool.acquire(deadline::in(5ms)));
        EXPECT_EQ(got.error(), error(failure::timed_out, "network operations: all 1 places busy for 5ms"));
    }
}

TEST(SlotPool, RefusesBeyondTheQueue)
{
    slot_pool pool("docker calls", 1, 0);
    const auto held = run_task(pool.acquire(deadline::in(10s)));
    EXPECT_EQ(run_task(pool.acquire(deadline::in(10s))).error().kind(), failure::overloaded);
}

task<> take_and_note(slot_pool& pool, std::vector<int>& order, int number)
{
    auto place = co_await pool.acquire(deadline::in(10s));
    if (place) order.push_back(number);
}

TEST(SlotPool, ServesTheQueueInOrder)
{
    boost::asio::io_context reactor(1);
    slot_pool pool("calls", 1, 8);
    std::vector<int> order;
    {
        const auto held = run_task(reactor, pool.acquire(deadline::in(10s)));
        for (int i = 0; i < 4; ++i) {
            boost::asio::co_spawn(reactor, take_and_note(pool, order, i), boost::asio::detached);
        }
        reactor.restart();
        reactor.poll();
        EXPECT_TRUE(order.empty());
    }
    reactor.run();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
    EXPECT_TRUE(run_task(reactor, pool.acquire(deadline::in(10s))));
}

}  // namespace
}  // namespace nodescope
