#include "collectors/application/patterns.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::applications {
namespace {

const time_point asked_at(std::chrono::seconds(1'000));

pattern_metric pattern(std::string name, std::string regex, bool is_whole = true)
{
    pattern_metric one;
    one.name = std::move(name);
    one.regex = std::move(regex);
    one.is_whole = is_whole;
    one.type = "gauge";
    one.units = "u";
    return one;
}

TEST(Patterns, FindFiguresInAText)
{
    const auto got = apply_patterns({pattern("active", "Active connections: ([0-9]+)"),
                                     pattern("load", "load=([^;]*);", false), pattern("absent", "absent ([0-9]+)")},
                                    "Active connections: 291 \nload= 1.5e1 ;", asked_at);
    ASSERT_TRUE(got) << got.error();
    ASSERT_EQ(got->values.size(), 2U);
    EXPECT_EQ(got->values[0].name, "active");
    EXPECT_TRUE(got->values[0].is_whole);
    EXPECT_EQ(got->values[0].whole, 291);
    EXPECT_EQ(got->values[0].when, asked_at);
    EXPECT_EQ(got->values[1].real, 15);
    ASSERT_EQ(got->specs.size(), 3U);
    EXPECT_EQ(got->specs[0], (metric_spec{"active", "gauge", "int", "u"}));
    EXPECT_EQ(got->specs[1].format, "float");
}

TEST(Patterns, HaveNoValueForWhatIsNoNumber)
{
    const auto got = apply_patterns({pattern("a", "(x)"), pattern("b", "(x)", false), pattern("c", "()"),
                                     pattern("d", "n=(.*)", false), pattern("e", "(9+)")},
                                    "x n=inf\n99999999999999999999", asked_at);
    ASSERT_TRUE(got) << got.error();
    EXPECT_TRUE(got->values.empty());
}

TEST(Patterns, AreRefusedWhereTheyAreNone)
{
    for (const char* wrong : {"(", "a**(", "[", "no group", "(?=x)(y)", "(\\1)", "(a{9999})"}) {
        const auto got = apply_patterns({pattern("a", wrong)}, "x", asked_at);
        ASSERT_FALSE(got) << wrong;
        EXPECT_EQ(got.error().kind(), failure::malformed);
    }
}

TEST(Patterns, TakeTimeInProportionToTheText)
{
    // With backtracking this is longer than any test may take.
    const std::string text(100'000, 'a');
    const auto got = apply_patterns({pattern("a", "(a*)*(a*)*b"), pattern("b", "(a?){30}a{30}b(1)")}, text, asked_at);
    ASSERT_TRUE(got) << got.error();
    EXPECT_TRUE(got->values.empty());
}

}  // namespace
}  // namespace nodescope::applications
