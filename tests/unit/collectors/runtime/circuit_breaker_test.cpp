#include "collectors/runtime/circuit_breaker.hpp"

#include <gtest/gtest.h>

namespace nodescope {
namespace {

using namespace std::chrono_literals;

class Breaker : public ::testing::Test {
protected:
    void miss(const std::string& key)
    {
        ASSERT_TRUE(breakers.admit(key, now));
        breakers.missed(key, now);
    }
    circuit_breakers breakers;
    steady_clock::time_point now{};
};

TEST_F(Breaker, OpensAfterThreeMissesForAWhileAndProbesWithOne)
{
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(breakers.is_open("list"));
        miss("list");
    }
    EXPECT_TRUE(breakers.is_open("list"));
    EXPECT_FALSE(breakers.is_open("inspect"));
    EXPECT_FALSE(breakers.admit("list", now));
    EXPECT_FALSE(breakers.admit("list", now + 499ms));
    now += 500ms;
    EXPECT_TRUE(breakers.admit("list", now));
    EXPECT_FALSE(breakers.admit("list", now)) << "one probe at a time";
    breakers.missed("list", now);
    EXPECT_FALSE(breakers.admit("list", now + 499ms));
    now += 500ms;
    EXPECT_TRUE(breakers.admit("list", now));
    breakers.succeeded("list");
    for (int i = 0; i < 2; ++i) miss("list");
    EXPECT_TRUE(breakers.admit("list", now));
}

TEST_F(Breaker, SuccessInBetweenForgetsMisses)
{
    for (int i = 0; i < 2; ++i) miss("list");
    breakers.succeeded("list");
    for (int i = 0; i < 2; ++i) miss("list");
    EXPECT_TRUE(breakers.admit("list", now));
}

TEST_F(Breaker, OneReadDoesNotStopAnother)
{
    for (int i = 0; i < 3; ++i) miss("list");
    EXPECT_TRUE(breakers.admit("inspect a", now));
}

TEST_F(Breaker, AProbeThatIsGivenUpLetsTheNextTry)
{
    for (int i = 0; i < 3; ++i) miss("list");
    now += 500ms;
    EXPECT_TRUE(breakers.admit("list", now));
    breakers.withdrawn("list");
    EXPECT_TRUE(breakers.admit("list", now));
}

TEST_F(Breaker, KeepsABoundedNumberOfKeys)
{
    for (int i = 0; i < 3; ++i) miss("first");
    for (std::size_t i = 0; i < circuit_breakers::key_limit; ++i) {
        now += 1ms;
        miss("container " + std::to_string(i));
    }
    EXPECT_TRUE(breakers.admit("first", now)) << "the oldest made room";
}

}  // namespace
}  // namespace nodescope
