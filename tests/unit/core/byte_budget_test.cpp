#include "core/byte_budget.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace nodescope {
namespace {

TEST(ByteBudget, TakesWhatFitsToTheLastByte)
{
    byte_budget budget(10);
    EXPECT_TRUE(budget.charge(7));
    EXPECT_TRUE(budget.charge(3));
    EXPECT_EQ(budget.left(), 0U);
    EXPECT_TRUE(budget.charge(0));
    EXPECT_EQ(budget.left_out(), 0U);
}

TEST(ByteBudget, CountsWhatDoesNotFitAndTakesNothingForIt)
{
    byte_budget budget(10);
    EXPECT_FALSE(budget.charge(11));
    EXPECT_FALSE(budget.charge(std::numeric_limits<std::size_t>::max()));
    EXPECT_EQ(budget.used(), 0U);
    EXPECT_TRUE(budget.charge(10)) << "a smaller one fits afterwards";
    budget.leave_out(5);
    EXPECT_EQ(budget.left_out(), 7U);
}

TEST(ByteBudget, HasRoomAgainForWhatWasGivenBack)
{
    byte_budget budget(10);
    ASSERT_TRUE(budget.charge(10));
    budget.give_back(4);
    EXPECT_EQ(budget.left(), 4U);
    budget.give_back(100);
    EXPECT_EQ(budget.left(), 10U) << "never more than the limit";
}

}  // namespace
}  // namespace nodescope
