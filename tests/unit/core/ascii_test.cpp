#include "core/ascii.hpp"

#include <gtest/gtest.h>

#include <cctype>

namespace nodescope {
namespace {

TEST(Ascii, ClassesAreThoseOfTheCLocale)
{
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        EXPECT_EQ(is_digit(c), std::isdigit(byte) != 0) << byte;
        EXPECT_EQ(is_upper(c), std::isupper(byte) != 0) << byte;
        EXPECT_EQ(is_lower(c), std::islower(byte) != 0) << byte;
        EXPECT_EQ(is_alphanumeric(c), std::isalnum(byte) != 0) << byte;
        EXPECT_EQ(is_graphic(c), std::isgraph(byte) != 0) << byte;
        EXPECT_EQ(to_lower(c), static_cast<char>(std::tolower(byte))) << byte;
        EXPECT_EQ(hex_value(c) >= 0, std::isxdigit(byte) != 0) << byte;
    }
    EXPECT_EQ(hex_value('9'), 9);
    EXPECT_EQ(hex_value('a'), 10);
    EXPECT_EQ(hex_value('F'), 15);
}

TEST(Ascii, SetsHoldWhatTheyAreMadeOf)
{
    constexpr byte_set dotted = byte_set::alphanumeric_and("._");
    EXPECT_TRUE(dotted.contains_all("a.B_9"));
    EXPECT_TRUE(dotted.contains_all(""));
    EXPECT_FALSE(dotted.contains_all("a-b"));
    EXPECT_FALSE(dotted.contains('\xe9'));
    EXPECT_FALSE(byte_set("ab").contains('c'));
    EXPECT_TRUE(token_bytes.contains_all("X-Request-Id"));
    EXPECT_FALSE(token_bytes.contains(':'));
}

TEST(Ascii, LowersLettersOfASCIIAlone)
{
    EXPECT_EQ(lower_case("X-Ab_9"), "x-ab_9");
    EXPECT_EQ(lower_case("\xc3\x84"), "\xc3\x84");
    EXPECT_EQ(lower_case(""), "");
}

TEST(Ascii, ComparesWithoutCase)
{
    EXPECT_TRUE(equals_ignoring_case("Keep-Alive", "keep-alive"));
    EXPECT_FALSE(equals_ignoring_case("keep-alive", "keep-aliv"));
    EXPECT_FALSE(equals_ignoring_case("@", "`")) << "they differ in the same bit as letters do";
}

TEST(Ascii, TrimsBothEnds)
{
    EXPECT_EQ(trimmed(" \ta b\t "), "a b");
    EXPECT_EQ(trimmed("a\n"), "a\n");
    EXPECT_EQ(trimmed("\r\na\n", " \r\n"), "a");
    EXPECT_EQ(trimmed(" \t"), "");
    EXPECT_EQ(trimmed(""), "");
}

}  // namespace
}  // namespace nodescope
