#include "server/auth/token_file.hpp"

#include <gtest/gtest.h>

namespace nodescope::auth {
namespace {

constexpr const char* token = "0123456789abcdef";

TEST(TokenTable, NamesWhoHoldsAToken)
{
    const auto table = token_table::parse(
        "# comment\r\n\n  prometheus:0123456789abcdef  \r\nfedcba9876543210\n\t#x\nlast:aaaaaaaaaaaaaaaa", "t");
    ASSERT_TRUE(table) << table.error();
    EXPECT_EQ(table->size(), 3U);
    EXPECT_EQ(table->name_of(token), "prometheus");
    EXPECT_EQ(table->name_of("fedcba9876543210"), "line-4");
    EXPECT_EQ(table->name_of("aaaaaaaaaaaaaaaa"), "last");
    for (const char* const other :
         {"", "0123456789abcde", "0123456789abcdef0", "prometheus:0123456789abcdef", "prometheus", "line-4"}) {
        EXPECT_FALSE(table->name_of(other)) << other;
    }
}

TEST(TokenTable, RefusesWithTheLineAndWithoutTheToken)
{
    const std::pair<const char*, const char*> cases[] = {
        {"", "t holds no token"},
        {"\n# only\n", "t holds no token"},
        {"short", "t:1: the token has less than 16 bytes"},
        {"a:0123456789abcdef\nb:short", "t:2: the token has less"},
        {":0123456789abcdef", "t:1: the name"},
        {"two words:0123456789abcdef", "t:1: the name"},
        {"a:0123456789 abcdef", "t:1: the token holds a space"},
        {"a:0123456789\x80"
         "abcdef",
         "t:1: the token holds a space or bytes"},
        {"0123456789abcdef:", "t:1: the token has less"},
    };
    for (const auto& [text, sentence] : cases) {
        const auto table = token_table::parse(text, "t");
        ASSERT_FALSE(table) << text;
        EXPECT_NE(table.error().message().find(sentence), std::string::npos) << table.error();
        EXPECT_EQ(table.error().message().find("0123456789"), std::string::npos) << table.error();
    }
}

TEST(Framed, TellsListsApart)
{
    EXPECT_NE(framed({"ab", "c"}), framed({"a", "bc"}));
    EXPECT_NE(framed({"a", ""}), framed({"", "a"}));
    EXPECT_NE(framed({"a"}), framed({"a", ""}));
    EXPECT_NE(framed({"1:a"}), framed({"a"}));
    EXPECT_NE(framed({"", "1:a"}), framed({"", "", "a"}));
}

TEST(Digest, ComparesAll)
{
    const digest one = digest_of("one");
    EXPECT_TRUE(equal_in_constant_time(one, digest_of("one")));
    for (std::size_t i = 0; i < one.size(); ++i) {
        digest other = one;
        other[i] ^= 1U;
        EXPECT_FALSE(equal_in_constant_time(one, other)) << i;
    }
}

}  // namespace
}  // namespace nodescope::auth
