#include "core/text.hpp"

#include "core/append_formatted.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {
namespace {

TEST(EscapeUntrusted, KeepsOrdinaryText)
{
    EXPECT_EQ(escape_untrusted("eth0 äöü 漢字 😀 \"quoted\" \\"), "eth0 äöü 漢字 😀 \"quoted\" \\");
    EXPECT_EQ(escape_untrusted(""), "");
}

TEST(EscapeUntrusted, ShowsControlsBidiAndInvalidBytes)
{
    EXPECT_EQ(escape_untrusted("a\nb\r\t"), "a\\nb\\r\\t");
    EXPECT_EQ(escape_untrusted("\x1b[31m\xff"), "\\x1b[31m\\xff");
    EXPECT_EQ(escape_untrusted("\x7f"), "\\x7f");
    EXPECT_EQ(escape_untrusted("\xc2\x85"), "\\x85");
    EXPECT_EQ(escape_untrusted("\xe2\x80\xae"), "\\u202e");
    EXPECT_EQ(escape_untrusted(std::string_view("\0", 1)), "\\x00");
    EXPECT_EQ(escape_untrusted("\xe2\x80"), "\\xe2\\x80");
}

TEST(EscapeUntrusted, CutsOnACharacterBoundary)
{
    EXPECT_EQ(escape_untrusted("abcdef", 4), "abcd...");
    EXPECT_EQ(escape_untrusted("abcdef", 6), "abcdef");
    EXPECT_EQ(escape_untrusted("ab\xc3\xa4", 3), "ab...");
}

TEST(Utf8CharacterLength, FollowsRfc3629AtItsEdges)
{
    EXPECT_EQ(utf8_character_length(""), 0U);
    EXPECT_EQ(utf8_character_length("a"), 1U);
    EXPECT_EQ(utf8_character_length("\xc2\x80"), 2U);
    EXPECT_EQ(utf8_character_length("\xc1\xbf"), 0U);
    EXPECT_EQ(utf8_character_length("\xe0\xa0\x80"), 3U);
    EXPECT_EQ(utf8_character_length("\xe0\x9f\xbf"), 0U);
    EXPECT_EQ(utf8_character_length("\xed\x9f\xbf"), 3U);
    EXPECT_EQ(utf8_character_length("\xed\xa0\x80"), 0U);
    EXPECT_EQ(utf8_character_length("\xf0\x90\x80\x80"), 4U);
    EXPECT_EQ(utf8_character_length("\xf0\x8f\xbf\xbf"), 0U);
    EXPECT_EQ(utf8_character_length("\xf4\x8f\xbf\xbf"), 4U);
    EXPECT_EQ(utf8_character_length("\xf4\x90\x80\x80"), 0U);
    EXPECT_EQ(utf8_character_length("\x80"), 0U);
}

TEST(Joined, PutsWhatStandsBetweenBetween)
{
    EXPECT_EQ(joined(std::vector<std::string>{}, ", "), "");
    EXPECT_EQ(joined(std::vector<std::string>{"a"}, ", "), "a");
    EXPECT_EQ(joined(std::set<std::string_view>{"b", "a", ""}, ", "), ", a, b");
    EXPECT_EQ(joined(std::vector<int>{-1, 20, 3}, ","), "-1,20,3");
    EXPECT_EQ(joined(std::array<const char*, 2>{"x", "y"}, " or "), "x or y");
}

TEST(AppendFormatted, AddsToWhatIsThere)
{
    std::string text = "a";
    append_formatted(text, " {:04x} {}", 255, std::string("{}"));
    EXPECT_EQ(text, "a 00ff {}");
    append_formatted(text, "");
    EXPECT_EQ(text, "a 00ff {}");
    append_formatted(text, "{:>300}", 1);
    EXPECT_EQ(text.size(), 9U + 300U);
}

}  // namespace
}  // namespace nodescope
