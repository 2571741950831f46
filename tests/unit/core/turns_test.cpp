#include "core/turns.hpp"

#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <optional>
#include <string>
#include <vector>

namespace nodescope {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

TEST(TurnsByKey, KeysDoNotWaitForEachOther)
{
    turns_by_key turns("checks", 4);
    {
        const auto of_a = run_task(turns.take("a", deadline::in(10s)));
        const auto of_b = run_task(turns.take("b", deadline::in(10s)));
        EXPECT_TRUE(of_a && of_b);
        EXPECT_EQ(turns.keys(), 2U);
    }
    EXPECT_EQ(turns.keys(), 0U);
}

TEST(TurnsByKey, SaysWhatItWaitedFor)
{
    turns_by_key turns("checks", 4);
    {
        const auto held = run_task(turns.take("a", deadline::in(10s)));
        const auto late = run_task(turns.take("a", deadline::in(5ms)));
        EXPECT_EQ(late.error(), error(failure::timed_out, "checks: another one of this caller under way within 5ms"));
    }
    EXPECT_EQ(turns.keys(), 0U);
}

TEST(TurnsByKey, RefusesBeyondItsLimit)
{
    turns_by_key turns("checks", 0);
    const auto held = run_task(turns.take("a", deadline::in(10s)));
    const auto beyond = run_task(turns.take("a", deadline::in(10s)));
    EXPECT_EQ(beyond.error(), error(failure::overloaded, "checks: 0 of this caller wait already"));
}

task<> take_and_note(turns_by_key& turns, std::string key, std::vector<std::string>& order, std::string name)
{
    const auto mine = co_await turns.take(std::move(key), deadline::in(10s));
    if (mine) order.push_back(std::move(name));
}

TEST(TurnsByKey, ServesEachKeyInOrder)
{
    boost::asio::io_context reactor(1);
    turns_by_key turns("checks", 8);
    std::vector<std::string> order;
    {
        const auto held = run_task(reactor, turns.take("a", deadline::in(10s)));
        for (const char* const name : {"a1", "a2", "b1", "a3"}) {
            boost::asio::co_spawn(reactor, take_and_note(turns, std::string(1, name[0]), order, name),
                                  boost::asio::detached);
        }
        reactor.restart();
        reactor.poll();
        EXPECT_EQ(order, (std::vector<std::string>{"b1"}));
    }
    reactor.run();
    EXPECT_EQ(order, (std::vector<std::string>{"b1", "a1", "a2", "a3"}));
    EXPECT_EQ(turns.keys(), 0U);
}

TEST(TurnsByKey, GivesTheTurnOfOneThatWentAwayToTheNext)
{
    boost::asio::io_context reactor(1);
    turns_by_key turns("checks", 8);
    std::vector<std::string> order;
    std::optional<result<turns_by_key::turn>> held = run_task(reactor, turns.take("a", deadline::in(10s)));
    boost::asio::co_spawn(reactor, take_and_note(turns, "a", order, "a1"), boost::asio::detached);
    const auto late = run_task(reactor, turns.take("a", deadline::in(5ms)));
    EXPECT_FALSE(late);
    boost::asio::co_spawn(reactor, take_and_note(turns, "a", order, "a2"), boost::asio::detached);
    held.reset();
    reactor.restart();
    reactor.run();
    EXPECT_EQ(order, (std::vector<std::string>{"a1", "a2"}));
}

}  // namespace
}  // namespace nodescope
