#include "core/shared_calls.hpp"
#include "core/task_group.hpp"
#include "core/with_deadline.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>

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
    const auto begin = [&call] { return call.run(); };
    const auto got = co_await calls.join("GET /info", deadline::in(10s), begin);
    answers.push_back(got ? *got : -1);
}

TEST(SharedCalls, OneCallServesAllWhoAskMeanwhile)
{
    asio::io_context reactor(1);
    logger log(log_level::error, log_format::text);
    task_group group(reactor.get_executor(), log);
    shared_calls<int> calls;
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
    shared_calls<int> calls;
    int started = 0;
    const auto begin = [&started]() -> task<result<int>> { co_return ++started; };
    EXPECT_EQ(run_task(reactor, calls.join("k", deadline::in(10s), begin)).value(), 1);
    EXPECT_EQ(run_task(reactor, calls.join("k", deadline::in(10s), begin)).value(), 2);
}

TEST(SharedCalls, TheLastToLeaveCancelsTheCall)
{
    asio::io_context reactor(1);
    logger log(log_level::error, log_format::text);
    task_group group(reactor.get_executor(), log);
    shared_calls<int> calls;
    controlled_call call(reactor);
    std::vector<int> answers;
    group.spawn("ask", ask(calls, call, answers));
    group.spawn("ask", ask(calls, call, answers));
    reactor.poll();
    group.cancel(asio::cancellation_type::terminal);
    reactor.run();
    EXPECT_EQ(call.started, 1);
    EXPECT_EQ(call.ended, 1);
    EXPECT_EQ(call.cancelled, 1);
    EXPECT_EQ(calls.in_flight(), 0U);
}

TEST(SharedCalls, AnAskersOwnLimitNamesTheCall)
{
    asio::io_context reactor(1);
    shared_calls<int> calls;
    controlled_call call(reactor);
    const auto begin = [&call] { return call.run(); };
    const auto got = run_task(reactor, calls.join("GET /info", deadline::in(5ms), begin));
    EXPECT_EQ(got.error(), error(failure::timed_out, "GET /info: no result within 5ms"));
    reactor.restart();
    reactor.run();
    EXPECT_EQ(call.cancelled, 1);
}

}  // namespace
}  // namespace nodescope
