#include "server/auth/failure_limiter.hpp"

#include <gtest/gtest.h>

namespace nodescope::auth {
namespace {

using namespace std::chrono_literals;

struct FailureLimiter : ::testing::Test {
    int failures_until_exhausted(const std::string& key)
    {
        int count = 0;
        while (!limiter.exhausted(key)) {
            limiter.count(key);
            ++count;
        }
        return count;
    }
    steady_clock::time_point now = steady_clock::now();
    failure_limiter limiter{[this] { return now; }};
};

TEST_F(FailureLimiter, AllowsTenASecond)
{
    EXPECT_EQ(failures_until_exhausted("a"), 10);
    now += 100ms;
    EXPECT_EQ(failures_until_exhausted("a"), 1);
    now += 500ms;
    EXPECT_EQ(failures_until_exhausted("a"), 5);
    now += 10s;
    EXPECT_EQ(failures_until_exhausted("a"), 10);
}

TEST_F(FailureLimiter, CountsEachAddressForItself)
{
    EXPECT_EQ(failures_until_exhausted("a"), 10);
    EXPECT_FALSE(limiter.exhausted("b"));
    EXPECT_EQ(failures_until_exhausted("b"), 10);
}

TEST_F(FailureLimiter, RemembersABoundedNumber)
{
    EXPECT_EQ(failures_until_exhausted("first"), 10);
    for (std::size_t i = 0; i < failure_limiter::most_addresses; ++i) limiter.count(std::to_string(i));
    EXPECT_FALSE(limiter.exhausted("first"));
}

TEST(ExpiringCache, ForgetsInTimeAndTheOldestFirst)
{
    steady_clock::time_point now = steady_clock::now();
    expiring_cache<int> cache(2, 1s, [&now] { return now; });
    EXPECT_EQ(cache.find("a"), nullptr);
    cache.put("a", 1);
    now += 400ms;
    cache.put("b", 2);
    ASSERT_NE(cache.find("a"), nullptr);
    EXPECT_EQ(*cache.find("a"), 1);
    now += 600ms;
    EXPECT_EQ(cache.find("a"), nullptr);
    EXPECT_NE(cache.find("b"), nullptr);
    cache.put("c", 3);
    cache.put("d", 4);
    EXPECT_EQ(cache.find("b"), nullptr);
    EXPECT_EQ(cache.size(), 2U);
    cache.put("c", 5);
    EXPECT_EQ(cache.size(), 2U);
    EXPECT_EQ(*cache.find("c"), 5);
    EXPECT_EQ(*cache.find("d"), 4);
}

}  // namespace
}  // namespace nodescope::auth
