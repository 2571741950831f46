#include "core/shared_calls.hpp"
#include "core/task_group.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <string>
#include <vector>

namespace nodescope {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::run_task;

/// A call that ends when the test lets it.
struct controlled_call {
    explicit controlled_call(asio::io_context& reactor) : gate(reactor, steady_clock::time_point::max()) {}

    task<result<int>> run()
    {
        ++started;
        struct guard {
            int& count;
            ~guard() { ++count; }
        } mark{ended};
        co_await gate.async_wait(asio::as_tuple(asio::use_awaitable));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) ++cancelled;
        co_return 7;
    }

    asio::steady_timer gate;
    int started = 0;
    int ended = 0;
    int cancelled = 0;
};

task<> ask(shared_calls<int>& calls, controlled_call& call, std::vector<int>& answers)
{
    const auto begin = [&call](deadline) { return call.run(); };
    const auto got = co_await calls.join("GET /info", deadline::in(10s), begin);
    answers.push_back(got ? *got : -1);
}

TEST(SharedCalls, OneCallServesAllWhoAskMeanwhile)
{
    asio::io_context reactor(1);
    logger log(log_level::error, log_format::text);
    task_group group(reactor.get_executor(), log);
    shared_calls<int> calls(10s);
    controlled_call call(reactor);
    std::vector<int> answers;
    for (int i = 0; i < 5; ++i) group.spawn("ask", ask(calls, call, answers));
    reactor.poll();
    EXPECT_EQ(calls.in_flight(), 1U);
    call.gate.cancel();
    reactor.run();
    EXPECT_EQ(call.started, 1);
    EXPECT_EQ(answers, std::vector<int>(5, 7));
    EXPECT_EQ(calls.in_flight(), 0U);
}

TEST(SharedCalls, StartsAnewOnceTheCallHasEnded)
{
    asio::io_context reactor(1);
    shared_calls<int> calls(10s);
    int started = 0;
    const auto begin = [&started](deadline) -> task<result<int>> { co_return ++started; };
    EXPECT_EQ(run_task(reactor, calls.join("k", deadline::in(10s), begin)).value(), 1);
    EXPECT_EQ(run_task(reactor, calls.join("k", deadline::in(10s), begin)).value(), 2);
}

TEST(SharedCalls, TheLastToLeaveCancelsTheCall)
{
    asio::io_context reactor(1);
    logger log(log_level::error, log_format::text);
    task_group group(reactor.get_executor(), log);
    shared_calls<int> calls(10s);
    controlled_call call(reactor);
    std::vector<int> answers;
    group.spawn("ask", ask(calls, call, answers));
    group.spawn("ask", ask(calls, call, answers));
    reactor.poll();
    EXPECT_TRUE(run_task(reactor, group.stop(deadline::in(10s))));
    reactor.run();
    EXPECT_EQ(call.started, 1);
    EXPECT_EQ(call.ended, 1);
    EXPECT_EQ(call.cancelled, 1);
    EXPECT_EQ(calls.in_flight(), 0U);
}

TEST(SharedCalls, AnAskersOwnLimitNamesTheCall)
{
    asio::io_context reactor(1);
    shared_calls<int> calls(10s);
    controlled_call call(reactor);
    const auto begin = [&call](deadline) { return call.run(); };
    const auto got = run_task(reactor, calls.join("GET /info", deadline::in(5ms), begin));
    EXPECT_EQ(got.error(), error(failure::timed_out, "GET /info: no result within 5ms"));
    reactor.restart();
    reactor.run();
    EXPECT_EQ(call.cancelled, 1);
}

/// Calls that last as long as they are allowed to, and what those who asked were told.
struct SharedCallLimits : ::testing::Test {
    task<result<int>> last_until(deadline limit)
    {
        ++started;
        event never;
        const wait_end how = co_await never.wait(limit);
        if (how == wait_end::late)
            co_return error(failure::timed_out, "no header within " + duration_text(limit.limit()));
        co_return 7;
    }
    task<> ask(shared_calls<int>& of, deadline limit)
    {
        const auto begin = [this](deadline own) { return last_until(own); };
        const auto got = co_await of.join("GET /info", limit, begin);
        told.push_back(got ? "an answer" : got.error().message());
    }

    asio::io_context reactor{1};
    logger log{log_level::error, log_format::text};
    task_group group{reactor.get_executor(), log};
    int started = 0;
    std::vector<std::string> told;
};

TEST_F(SharedCallLimits, AnImpatientAskerFailsNobodyElse)
{
    controlled_call call(reactor);
    shared_calls<int> calls(10s);
    const auto ask_for = [&](deadline limit) -> task<> {
        const auto begin = [&call](deadline) { return call.run(); };
        const auto got = co_await calls.join("ps", limit, begin);
        told.push_back(got ? "an answer" : got.error().message());
        if (!got) call.gate.cancel();  // only now does the call end
    };
    group.spawn("impatient", ask_for(deadline::in(5ms)));
    group.spawn("patient", ask_for(deadline::in(10s)));
    reactor.run();
    EXPECT_EQ(told, (std::vector<std::string>{"ps: no result within 5ms", "an answer"}));
    EXPECT_EQ(call.started, 1);
    EXPECT_EQ(call.cancelled, 0);
}

TEST_F(SharedCallLimits, TheCallHasItsOwnLimitWhoeverBeganIt)
{
    shared_calls<int> calls(5ms);
    group.spawn("ask", ask(calls, deadline::in(1h)));
    reactor.run();
    EXPECT_EQ(told, std::vector<std::string>{"no header within 5ms"});
    EXPECT_EQ(started, 1);
}

TEST_F(SharedCallLimits, WhereBothLimitsPassTogetherTheCallSaysWhatItDiedOf)
{
    shared_calls<int> calls(20ms);
    group.spawn("ask", ask(calls, deadline::in(20ms)));
    reactor.run();
    EXPECT_EQ(told, std::vector<std::string>{"no header within 20ms"});
}

TEST_F(SharedCallLimits, WhoCameLaterAndMayWaitLongerBeginsItAgain)
{
    shared_calls<int> calls(5ms);
    group.spawn("first", ask(calls, deadline::in(1h)));
    group.spawn("second", ask(calls, deadline::in(1h)));
    reactor.run();
    EXPECT_EQ(told, std::vector<std::string>(2, "no header within 5ms"));
    EXPECT_EQ(started, 2);
    EXPECT_EQ(calls.in_flight(), 0U);
}

TEST_F(SharedCallLimits, ACallThatNobodyCanWaitForAnyLongerIsTold)
{
    std::vector<std::string> deserted;
    shared_calls<int> calls(10s, [&](const std::string& key) { deserted.push_back(key); });
    group.spawn("first", ask(calls, deadline::in(5ms)));
    group.spawn("second", ask(calls, deadline::in(10ms)));
    reactor.run();
    EXPECT_EQ(deserted, std::vector<std::string>{"GET /info"});
    group.spawn("cancelled", ask(calls, deadline::in(10s)));
    reactor.restart();
    reactor.poll();
    EXPECT_TRUE(run_task(reactor, group.stop(deadline::in(10s))));
    EXPECT_EQ(deserted.size(), 1U);
}

}  // namespace
}  // namespace nodescope
