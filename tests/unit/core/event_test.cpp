#include "core/event.hpp"
#include "core/task_group.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>
#include <boost/asio/this_coro.hpp>

#include <memory>
#include <vector>

namespace nodescope {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::run_task;

/// Coroutines that wait for one event, and how each wait ended.
struct Event : ::testing::Test {
    void start_waiting(deadline limit = deadline::in(1h)) { group.spawn("wait", wait(limit)); }
    task<> wait(deadline limit)
    {
        const wait_end how = co_await happened->wait(limit);
        ends.push_back(how);
    }
    void cancel() { EXPECT_TRUE(run_task(reactor, group.stop(deadline::in(10s)))); }

    asio::io_context reactor{1};
    logger log{log_level::error, log_format::text};
    task_group group{reactor.get_executor(), log};
    std::unique_ptr<event> happened = std::make_unique<event>();
    std::vector<wait_end> ends;
};

TEST_F(Event, WhatIsSetBeforehandIsToldAtOnce)
{
    happened->set();
    EXPECT_EQ(run_task(reactor, happened->wait(deadline::in(0s))), wait_end::told);
}

TEST_F(Event, SettingWakesAllWhoWaitAndThoseWhoComeLater)
{
    for (int i = 0; i < 3; ++i) start_waiting();
    reactor.poll();
    EXPECT_TRUE(ends.empty());
    happened->set();
    EXPECT_TRUE(ends.empty());  // never from within set()
    start_waiting();
    reactor.run();
    EXPECT_EQ(ends, std::vector<wait_end>(4, wait_end::told));
}

// What the first does with the news has ended before the next one begins.
TEST_F(Event, SettingWakesOneAfterTheOther)
{
    for (int i = 0; i < 3; ++i) start_waiting();
    reactor.poll();
    happened->set();
    for (std::size_t woken = 0; woken < 3; ++woken) {
        while (ends.size() == woken) ASSERT_EQ(reactor.poll_one(), 1U);
        EXPECT_EQ(ends.size(), woken + 1);
    }
}

TEST_F(Event, NotifyingWakesOnlyThoseWhoWaitNow)
{
    happened->notify();
    start_waiting();
    reactor.poll();
    EXPECT_TRUE(ends.empty());
    happened->notify();
    start_waiting(deadline::in(1ms));
    reactor.run();
    EXPECT_EQ(ends, (std::vector<wait_end>{wait_end::told, wait_end::late}));
}

TEST_F(Event, IsLateOnceTheLimitPasses)
{
    start_waiting(deadline::in(1ms));
    reactor.run();
    EXPECT_EQ(ends, std::vector<wait_end>{wait_end::late});
    happened->set();  // nobody is left to be told
}

TEST_F(Event, CancellationEndsTheWaitWithoutAnException)
{
    start_waiting();
    reactor.poll();
    cancel();
    EXPECT_EQ(ends, std::vector<wait_end>{wait_end::cancelled});
}

TEST_F(Event, TheNextWaitAfterACancellationThrows)
{
    bool went_on = false;
    const auto wait_twice = [&]() -> task<> {
        const wait_end how = co_await happened->wait(deadline::in(1h));
        ends.push_back(how);
        co_await happened->wait(deadline::in(1h));
        went_on = true;
    };
    group.spawn("wait", wait_twice());
    reactor.poll();
    cancel();
    EXPECT_EQ(ends, std::vector<wait_end>{wait_end::cancelled});
    EXPECT_FALSE(went_on);
}

TEST_F(Event, WhoWasCancelledBeforehandDoesNotWait)
{
    event never;
    const auto clean_up = [&]() -> task<> {
        co_await asio::this_coro::throw_if_cancelled(false);
        co_await never.wait(deadline::in(1h));
        const wait_end how = co_await happened->wait(deadline::in(1h));
        ends.push_back(how);
    };
    group.spawn("clean up", clean_up());
    reactor.poll();
    cancel();
    EXPECT_EQ(ends, std::vector<wait_end>{wait_end::cancelled});
}

TEST_F(Event, WhatWasToldCountsThoughTheWaitIsCancelledInTheSameMoment)
{
    start_waiting();
    reactor.poll();
    happened->set();
    cancel();
    EXPECT_EQ(ends, std::vector<wait_end>{wait_end::told});
}

TEST_F(Event, WhoWaitsForWhatIsDestroyedIsCancelled)
{
    start_waiting();
    start_waiting();
    reactor.poll();
    happened.reset();
    reactor.run();
    EXPECT_EQ(ends, std::vector<wait_end>(2, wait_end::cancelled));
}

/// As when a service ends: its parts go first, the frames with the reactor.
TEST(EventAtTheEnd, FramesMayGoBeforeOrAfterTheEvent)
{
    const auto wait = [](event& of) -> task<> { co_await of.wait(deadline::in(1h)); };
    for (const bool event_first : {false, true}) {
        auto happened = std::make_unique<event>();
        logger log(log_level::error, log_format::text);
        auto reactor = std::make_unique<asio::io_context>(1);
        task_group group(reactor->get_executor(), log);
        group.spawn("wait", wait(*happened));
        reactor->poll();
        ASSERT_EQ(group.size(), 1U);
        if (event_first) happened.reset();
        reactor.reset();
        if (happened) happened->set();
    }
}

}  // namespace
}  // namespace nodescope
