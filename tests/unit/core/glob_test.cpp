#include "core/glob.hpp"

#include <gtest/gtest.h>

#include <string>

using nodescope::matches_glob;

TEST(Glob, IsTheWholeText)
{
    EXPECT_TRUE(matches_glob("lo", "lo"));
    EXPECT_FALSE(matches_glob("lo", "loop0"));
    EXPECT_FALSE(matches_glob("lo", "l"));
    EXPECT_TRUE(matches_glob("", ""));
    EXPECT_FALSE(matches_glob("", "x"));
}

TEST(Glob, TakesAnythingForAStarAndOneCharacterForAQuestionMark)
{
    EXPECT_TRUE(matches_glob("*", ""));
    EXPECT_TRUE(matches_glob("veth*", "veth"));
    EXPECT_TRUE(matches_glob("veth*", "veth1a2b"));
    EXPECT_TRUE(matches_glob("/system.slice/*", "/system.slice/a/b"));
    EXPECT_TRUE(matches_glob("*.mount", "/system.slice/var.mount"));
    EXPECT_TRUE(matches_glob("a*b*c", "aXbYbZc"));
    EXPECT_FALSE(matches_glob("a*b*c", "aXbYbZ"));
    EXPECT_TRUE(matches_glob("eth?", "eth0"));
    EXPECT_FALSE(matches_glob("eth?", "eth"));
    EXPECT_FALSE(matches_glob("eth?", "eth10"));
    EXPECT_TRUE(matches_glob("x**", "x"));
}

TEST(Glob, HasNoOtherSpecialCharacters)
{
    EXPECT_TRUE(matches_glob("[a]", "[a]"));
    EXPECT_FALSE(matches_glob("[a]", "a"));
    EXPECT_TRUE(matches_glob("\\x2d", "\\x2d"));
}

TEST(Glob, IsNotSlowWithManyStars)
{
    // With the usual recursion this takes longer than any test may.
    const std::string text(4096, 'a');
    EXPECT_FALSE(matches_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}
