#include "server/http/fair_budget.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace nodescope::http {
namespace {

claimant from(const std::string& group, bool admitted = false)
{
    claimant out;
    out.group = group;
    out.admitted = admitted;
    return out;
}

struct FairBudget : ::testing::Test {
    std::shared_ptr<fair_budget::share> held(const claimant& who, std::size_t bytes)
    {
        auto out = budget.open(who);
        return out->resize(bytes) ? out : nullptr;
    }

    fair_budget budget{fair_budget::limits{100, 60, 30, std::chrono::milliseconds(0)}};
    const claimant root = from("uid=0", true);
};

TEST_F(FairBudget, HoldsNoMoreThanAllAndGivesBackWhatIsLetGo)
{
    const auto one = held(from("a"), 60);
    auto other = held(from("b"), 40);
    ASSERT_TRUE(one && other);
    EXPECT_EQ(budget.used(), 100U);
    EXPECT_FALSE(held(from("c"), 1));
    EXPECT_EQ(budget.refused(), 1U);
    EXPECT_TRUE(other->resize(10));
    EXPECT_TRUE(held(from("c"), 30));
    other.reset();
    EXPECT_EQ(budget.used(), 60U);
}

TEST(FairBudgetOfAProcess, GivesNothingMoreWhereTheProcessHasNoRoom)
{
    bool room = true;
    fair_budget budget{fair_budget::limits{100, 100, 0, {}, [&room](std::size_t more) { return room || more < 5; }}};
    const auto one = budget.open(from("a"));
    EXPECT_TRUE(one->resize(40));
    room = false;
    EXPECT_FALSE(one->resize(60));
    EXPECT_EQ(budget.refused(), 1U);
    EXPECT_EQ(budget.used(), 40U) << "it holds what it held";
    EXPECT_TRUE(one->resize(44));
    EXPECT_TRUE(one->resize(10));
}

TEST(FairBudgetOfAProcess, WhoDoesNotReadGivesWayWhereTheProcessIsFull)
{
    constexpr std::size_t most = 60;
    std::size_t taken = 50;
    fair_budget budget{fair_budget::limits{100, 100, 0, {}, [&](std::size_t more) { return taken + more <= most; }}};
    const auto unread = budget.open(from("a"));
    ASSERT_TRUE(unread->resize(10));
    bool ended = false;
    unread->may_give_way([&ended] { ended = true; });
    taken = most;
    const auto other = budget.open(from("b"));
    EXPECT_FALSE(other->resize(20)) << "it frees 10";
    EXPECT_TRUE(ended);
    EXPECT_TRUE(other->resize(0));
    const auto second = budget.open(from("a"));
    taken = most - 10;
    ASSERT_TRUE(second->resize(10));
    second->may_give_way([] {});
    taken = most;
    EXPECT_TRUE(other->resize(10));
}

TEST_F(FairBudget, GivesOneGroupItsPartOnly)
{
    const auto one = held(from("a"), 50);
    const auto growing = budget.open(from("a"));
    EXPECT_TRUE(growing->resize(10));
    EXPECT_FALSE(growing->resize(11));
    EXPECT_EQ(budget.used(), 60U) << "what it held it still holds";
    EXPECT_TRUE(held(from("b"), 40));
}

TEST_F(FairBudget, KeepsAPartForThoseWhoAreAdmitted)
{
    EXPECT_TRUE(held(from("a"), 60));
    budget.keep_for_admitted();
    const auto one = held(from("a"), 60);
    EXPECT_FALSE(held(from("b"), 11));
    const auto other = held(from("b"), 10);
    EXPECT_TRUE(held(root, 30));
    EXPECT_FALSE(held(root, 31));
}

TEST_F(FairBudget, TakesFromWhoHasWaitedLongest)
{
    int ended = 0;
    const auto first = held(from("a"), 30);
    first->may_give_way([&] { ended += 1; });
    const auto second = held(from("a"), 30);
    second->may_give_way([&] { ended += 10; });
    const auto newcomer = held(from("b"), 50);
    ASSERT_TRUE(newcomer);
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(budget.used(), 80U);
    EXPECT_EQ(budget.given_way(), 1U);
    EXPECT_FALSE(first->resize(1)) << "it has no bytes any more";
}

TEST_F(FairBudget, TakesNothingFromOnesOwnNorFromWhoHasLess)
{
    const auto own = held(from("a"), 50);
    own->may_give_way([] { FAIL(); });
    const auto less = held(from("b"), 40);
    less->may_give_way([] { FAIL(); });
    EXPECT_FALSE(held(from("a"), 11));
}

TEST_F(FairBudget, TakesNothingFromAdmittedOnesForOthers)
{
    int ended = 0;
    const auto of_root = held(root, 60);
    of_root->may_give_way([&] { ++ended; });
    EXPECT_FALSE(held(from("a"), 50));
    EXPECT_EQ(ended, 0);
    EXPECT_TRUE(held(from("uid=1", true), 50));
    EXPECT_EQ(ended, 1);
}

TEST_F(FairBudget, LeavesEverybodyAMoment)
{
    fair_budget patient(fair_budget::limits{100, 100, 0, std::chrono::hours(1)});
    const auto waiting = patient.open(from("a"));
    ASSERT_TRUE(waiting->resize(100));
    waiting->may_give_way([] { FAIL(); });
    EXPECT_FALSE(patient.open(from("b"))->resize(1));
}

struct SharedLimit : FairBudget {
    /// Of 100 bytes in all, 40 at most.
    fair_budget small{fair_budget::limits{40, 40, 20, std::chrono::milliseconds(0)}, budget, 100};

    std::shared_ptr<fair_budget::share> held_small(const claimant& who, std::size_t bytes)
    {
        auto out = small.open(who);
        return out->resize(bytes) ? out : nullptr;
    }
};

TEST_F(SharedLimit, IsWhatBothHoldTogether)
{
    const auto one = held(from("a"), 60);
    auto other = held_small(from("b"), 40);
    ASSERT_TRUE(one && other);
    EXPECT_FALSE(held(from("c"), 1)) << "its own limit has room";
    EXPECT_EQ(budget.used(), 60U);
    EXPECT_EQ(small.used(), 40U);
    other.reset();
    EXPECT_FALSE(held_small(from("b"), 41)) << "each has its own limit too";
    EXPECT_TRUE(held(from("c"), 40));
}

TEST_F(SharedLimit, KeepsTheLargerPartForThoseWhoAreAdmitted)
{
    budget.keep_for_admitted();
    small.keep_for_admitted();
    const auto one = held(from("a"), 60);
    ASSERT_TRUE(one);
    EXPECT_FALSE(held_small(from("b"), 11)) << "70 are for those who are not admitted";
    EXPECT_TRUE(held_small(from("b"), 10));
    EXPECT_TRUE(held_small(root, 40));
}

TEST_F(SharedLimit, MakesWhatWaitsInOneGiveWayToTheOther)
{
    int ended = 0;
    const auto waiting = held(from("a"), 60);
    waiting->may_give_way([&] { ++ended; });
    const auto also = held(from("b"), 30);
    ASSERT_TRUE(also);
    const auto newcomer = held_small(from("c"), 20);
    ASSERT_TRUE(newcomer);
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(budget.used(), 30U);
    EXPECT_EQ(budget.given_way(), 1U);
}

TEST_F(SharedLimit, TakesNothingFromTheOtherForLackOfItsOwn)
{
    const auto waiting = held(from("a"), 40);
    waiting->may_give_way([] { FAIL(); });
    const auto full = held_small(from("b"), 40);
    ASSERT_TRUE(full);
    EXPECT_FALSE(held_small(from("c"), 10));
}

TEST(FairBudgetShare, OutlivesTheBudget)
{
    std::shared_ptr<fair_budget::share> left;
    {
        fair_budget budget(fair_budget::limits{10, 10, 0, {}});
        left = budget.open(from("a"));
        ASSERT_TRUE(left->resize(10));
    }
    EXPECT_FALSE(left->resize(11));
}

}  // namespace
}  // namespace nodescope::http
