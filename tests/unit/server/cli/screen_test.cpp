#include "server/cli/screen.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::cli {
namespace {

TEST(Screen, CountsColumns)
{
    EXPECT_EQ(columns_of(""), 0U);
    EXPECT_EQ(columns_of("abc"), 3U);
    EXPECT_EQ(columns_of("\u00e9"), 1U);
    EXPECT_EQ(columns_of("\u8336\u5e02"), 4U);  // wide
    EXPECT_EQ(columns_of("e\u0301"), 1U);       // a combining accent
    EXPECT_EQ(columns_of("\U0001F600"), 2U);
    EXPECT_EQ(columns_of("a\xff"), 2U);  // no UTF-8
}

TEST(Screen, CutsToAnyWidth)
{
    const std::string text = "a\u8336b\u5e02c\u0301\U0001F600z";
    for (std::size_t width = 0; width < 12; ++width) {
        const std::string cut = fitted(text, width);
        EXPECT_LE(columns_of(cut), width);
        EXPECT_EQ(cut == text, columns_of(text) <= width) << width;
    }
    EXPECT_EQ(fitted("abcdef", 4), "abc\u2026");
    EXPECT_EQ(fitted("a\u8336\u8336", 4), "a\u8336\u2026");
    EXPECT_EQ(fitted("\u8336\u8336", 3), "\u8336\u2026");
}

TEST(Screen, PaintsOnlyWhereItMay)
{
    screen plain;
    EXPECT_EQ(plain.paint(colour::red, "x"), "x");
    screen coloured;
    coloured.colours = true;
    EXPECT_EQ(coloured.paint(colour::red, "x"), "\x1b[31mx\x1b[0m");
    EXPECT_EQ(coloured.paint(colour::none, "x"), "x");
    EXPECT_EQ(coloured.paint(colour::red, ""), "");
}

TEST(Screen, CountsNoPaint)
{
    screen on;
    on.colours = true;
    const std::string text = on.paint(colour::red, "four") + " five";
    EXPECT_EQ(columns_of(text), 9U);
    EXPECT_EQ(wrapped(text, 9, 0), text);
    EXPECT_EQ(fitted(text, 3), "\x1b[31mfo\u2026\x1b[0m");
    EXPECT_EQ(columns_of("\x1b[2Jx"), 5U);  // not ours
}

TEST(Screen, EscapesForOneCell) { EXPECT_EQ(shown("a\x1b[2J\nb\t\u202e"), "a\\x1b[2J\\nb\\t\\u202e"); }

TEST(Screen, WrapsAtBlanks)
{
    EXPECT_EQ(wrapped("one two three", 0, 4), "one two three");
    EXPECT_EQ(wrapped("one two three", 12, 4), "one two\n    three");
    EXPECT_EQ(wrapped("  one   two ", 80, 0), "one two");
    EXPECT_EQ(wrapped("immeasurably long", 5, 2), "imm\n  eas\n  ura\n  bly\n  lon\n  g");
    EXPECT_EQ(wrapped("\u8336\u5e02\u8336", 5, 0), "\u8336\u5e02\n\u8336");
    EXPECT_EQ(wrapped("wide \u8336\u5e02", 1, 4), "wide\n    \u8336\u5e02");  // no room at all
    EXPECT_EQ(wrapped("", 5, 2), "");
}

}  // namespace
}  // namespace nodescope::cli
