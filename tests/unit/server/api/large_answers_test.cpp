// How long an answer may be, and when none is begun.
#include "server/api/large_answers.hpp"

#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>

#include <cstddef>

namespace nodescope::api {
namespace {

using nodescope::testing::hang_limit;
using nodescope::testing::run_task;

struct LargeAnswers : ::testing::Test {
    result<large_answers::place> begin(std::size_t bytes = large_answer_bytes)
    {
        return run_task(answers.begin(http::claimant(), deadline::in(hang_limit), bytes));
    }

    std::size_t resident = 0;
    http::fair_budget memory = http::traffic(0).answers;
    large_answers answers{memory, [this] { return resident; }};
};

TEST_F(LargeAnswers, HaveWhatTheyNeedAndALittleMore)
{
    const auto small = begin(1U << 20U);
    ASSERT_TRUE(small);
    EXPECT_GT(small->limit_bytes(), 1U << 20U);
    EXPECT_LT(small->limit_bytes(), 2U << 20U);
    EXPECT_EQ(memory.used(), small->limit_bytes());
}

TEST_F(LargeAnswers, HaveNoMoreThanTheLongest) { EXPECT_EQ(begin()->limit_bytes(), large_answer_bytes); }

TEST_F(LargeAnswers, AreShorterWhileTheServiceTakesMuch)
{
    resident = building_limit_bytes - (10U << 20U);
    EXPECT_EQ(begin()->limit_bytes(), 10U << 20U);
    resident = building_limit_bytes - least_answer_bytes + 1;
    const auto refused = begin();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), failure::overloaded);
    resident = 2 * building_limit_bytes;
    EXPECT_FALSE(begin());
    EXPECT_EQ(memory.used(), 0U);
}

TEST_F(LargeAnswers, HoldWhatTheyAreUntilTheyAreSent)
{
    auto place = begin();
    http::reply answer(200, "text/plain", std::string(5U << 20U, 'x'));
    std::move(*place).hand_over(answer);
    EXPECT_EQ(memory.used(), 5U << 20U);
    answer = http::reply();
    EXPECT_EQ(memory.used(), 0U);
}

}  // namespace
}  // namespace nodescope::api
