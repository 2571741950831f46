#include "core/task_group.hpp"
#include "core/event.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace nodescope {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::run_task;

struct TaskGroup : ::testing::Test {
    /// Until it is cancelled, and then until `may_end`.
    task<> run_on(event& may_end)
    {
        co_await asio::this_coro::throw_if_cancelled(false);
        event never;
        const wait_end how = co_await never.wait(deadline::in(1h));
        if (how == wait_end::cancelled) ++told;
        co_await asio::this_coro::reset_cancellation_state();
        co_await may_end.wait(deadline::in(1h));
        ++ended;
    }

    std::vector<std::string> lines;
    logger log{log_level::debug, log_format::json, [this](std::string_view line) { lines.emplace_back(line); }};
    asio::io_context reactor{1};
    task_group group{reactor.get_executor(), log};
    int told = 0;
    int ended = 0;
};

TEST_F(TaskGroup, StoppingTellsTheChildrenAndWaitsForTheLastOne)
{
    event may_end;
    group.spawn("one", run_on(may_end));
    group.spawn("other", run_on(may_end));
    reactor.poll();
    // After the cancellation has been heard.
    asio::steady_timer soon(reactor, 5ms);
    soon.async_wait([&](const boost::system::error_code&) {
        EXPECT_EQ(told, 2);
        EXPECT_EQ(ended, 0);
        may_end.set();
    });
    EXPECT_TRUE(run_task(reactor, group.stop(deadline::in(10s))));
    EXPECT_EQ(ended, 2);
    EXPECT_EQ(group.size(), 0U);
    EXPECT_TRUE(lines.empty());
}

TEST_F(TaskGroup, WhoDoesNotEndInTimeIsNamed)
{
    event may_end;
    group.spawn("stubborn", run_on(may_end));
    reactor.poll();
    EXPECT_FALSE(run_task(reactor, group.stop(deadline::in(5ms))));
    EXPECT_EQ(told, 1);
    EXPECT_EQ(ended, 0);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_NE(lines[0].find("stubborn"), std::string::npos) << lines[0];
}

TEST_F(TaskGroup, NothingBeginsOnceItStops)
{
    EXPECT_TRUE(run_task(reactor, group.stop(deadline::in(10s))));
    bool began = false;
    const auto work = [&]() -> task<> {
        began = true;
        co_return;
    };
    group.spawn("late", work());
    reactor.restart();
    reactor.run();
    EXPECT_FALSE(began);
}

TEST_F(TaskGroup, AnExceptionIsLoggedAndEndsOnlyItsOwnTask)
{
    event happened;
    const auto fail = [&]() -> task<> {
        happened.set();
        throw std::runtime_error("defect");
        co_return;
    };
    const auto wait = [&]() -> task<> {
        co_await happened.wait(deadline::in(10s));
        ++ended;
    };
    group.spawn("waiting", wait());
    group.spawn("failing", fail());
    reactor.run();
    EXPECT_EQ(ended, 1);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_NE(lines[0].find("failing"), std::string::npos) << lines[0];
    EXPECT_NE(lines[0].find("defect"), std::string::npos) << lines[0];
}

}  // namespace
}  // namespace nodescope
