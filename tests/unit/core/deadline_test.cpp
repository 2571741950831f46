#include "core/deadline.hpp"
#include "core/with_deadline.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace nodescope {
namespace {

using namespace std::chrono_literals;

TEST(ParseDuration, ReadsEachUnit)
{
    EXPECT_EQ(parse_duration("250ms").value(), 250ms);
    EXPECT_EQ(parse_duration("5s").value(), 5s);
    EXPECT_EQ(parse_duration("1m").value(), 1min);
    EXPECT_EQ(parse_duration("2h").value(), 2h);
    EXPECT_EQ(parse_duration("24h").value(), 24h);
}

TEST(ParseDuration, RefusesEverythingElse)
{
    for (const char* text : {"", "5", "s", "-5s", "+5s", " 5s", "5s ", "5 s", "0s", "25h", "5d", "1.5s",
                             "99999999999999999999s", "9223372036854775807h", "0x5s", "5S"}) {
        const auto parsed = parse_duration(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().kind(), failure::invalid);
        EXPECT_NE(parsed.error().message().find(text), std::string::npos);
    }
}

TEST(DurationText, UsesTheLargestWholeUnit)
{
    EXPECT_EQ(duration_text(250ms), "250ms");
    EXPECT_EQ(duration_text(1500ms), "1500ms");
    EXPECT_EQ(duration_text(10s), "10s");
    EXPECT_EQ(duration_text(60s), "1m");
    EXPECT_EQ(duration_text(0s), "0ms");
}

TEST(Deadline, SoonerKeepsTheLimitOfTheOneThatFires)
{
    const deadline outer = deadline::in(5s);
    const deadline inner = deadline::in(10s);
    EXPECT_EQ(deadline::sooner(outer, inner).limit(), 5s);
    EXPECT_EQ(deadline::sooner(inner, outer).limit(), 5s);
}

const auto out_of_time = [] { return error(failure::timed_out, "phase one took too long"); };

task<result<std::string>> answer_at_once() { co_return std::string("value"); }

task<result<std::string>> wait_forever(bool& unwound)
{
    struct guard {
        bool& flag;
        ~guard() { flag = true; }
    } mark{unwound};
    boost::asio::steady_timer never(co_await boost::asio::this_coro::executor, steady_clock::time_point::max());
    co_await never.async_wait(boost::asio::use_awaitable);
    co_return std::string("never");
}

task<result<std::string>> throw_at_once()
{
    throw std::runtime_error("defect");
    co_return std::string();
}

TEST(WithDeadline, PassesTheValueOn)
{
    const auto got = testing::run_task(with_deadline(answer_at_once(), deadline::in(10s), out_of_time));
    EXPECT_EQ(got.value(), "value");
}

TEST(WithDeadline, CancelsAndDescribesWhenTheLimitPasses)
{
    bool unwound = false;
    const auto got = testing::run_task(with_deadline(wait_forever(unwound), deadline::in(1ms), out_of_time));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), error(failure::timed_out, "phase one took too long"));
    EXPECT_TRUE(unwound);
}

TEST(WithDeadline, RethrowsWhatTheOperationThrows)
{
    EXPECT_THROW(testing::run_task(with_deadline(throw_at_once(), deadline::in(10s), out_of_time)), std::runtime_error);
}

TEST(WithDeadline, InnerLimitFiresInsideOuter)
{
    bool unwound = false;
    const auto inner_message = [] { return error(failure::timed_out, "inner"); };
    auto inner = with_deadline(wait_forever(unwound), deadline::in(1ms), inner_message);
    const auto got = testing::run_task(with_deadline(std::move(inner), deadline::in(10s), out_of_time));
    EXPECT_EQ(got.error().message(), "inner");
}

}  // namespace
}  // namespace nodescope
