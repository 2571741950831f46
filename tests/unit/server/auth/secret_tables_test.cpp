#include "server/auth/secret_tables.hpp"

#include <gtest/gtest.h>

namespace nodescope::auth {
namespace {

constexpr const char* token = "0123456789abcdef";

TEST(TokenTable, NamesWhoHoldsAToken)
{
    const auto table = token_table::parse(
        "# comment\r\n\n  prometheus:0123456789abcdef  \r\nfedcba9876543210\n\t#x\nlast:aaaaaaaaaaaaaaaa", "t");
    ASSERT_TRUE(table) << table.error();
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

// "correct horse" and "battery staple", by crypt(3).
const std::string cost_4 = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
const std::string cost_5 = "$2y$05$abcdefghijklmnopqrstuumjewjQVmxxbBHy234HdGTOAqOuVnhhy";

TEST(PasswordTable, ReadsWhatHtpasswdWrites)
{
    const auto table = password_table::parse("# users\nalice:" + cost_4 + "\r\n\nbob:" + cost_5 + "\n", "p");
    ASSERT_TRUE(table) << table.error();
    ASSERT_NE(table->hash_of("alice"), nullptr);
    EXPECT_EQ(*table->hash_of("alice"), cost_4);
    EXPECT_EQ(table->hash_of("carol"), nullptr);
    EXPECT_EQ(table->highest_cost(), 5);
}

TEST(PasswordTable, RefusesWithTheLineAndWithoutTheHash)
{
    const std::pair<std::string, const char*> cases[] = {
        {"", "p holds no user"},
        {"alice", "p:1: not of the form user:hash"},
        {":" + cost_4, "p:1: the user is empty"},
        {"alice:secret", "p:1: not a bcrypt hash"},
        {"alice:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "p:1: not a bcrypt hash"},
        {"alice:$apr1$abc$def", "p:1: not a bcrypt hash"},
        {"alice:$6$abc$def", "p:1: not a bcrypt hash"},
        {"alice:" + cost_4.substr(0, 59), "p:1: not a bcrypt hash"},
        {"alice:" + cost_4 + "x", "p:1: not a bcrypt hash"},
        {"alice:$2x$04" + cost_4.substr(6), "p:1: not a bcrypt hash"},
        {"alice:$2b$03" + cost_4.substr(6), "p:1: the cost"},
        {"alice:$2b$15" + cost_4.substr(6), "p:1: the cost"},
        {"alice:$2b$99" + cost_4.substr(6), "p:1: the cost"},
        {"alice:$2b$x4" + cost_4.substr(6), "p:1: the cost"},
        {"alice:" + cost_4 + "\nalice:" + cost_5, "p:2: the user is there twice"},
    };
    for (const auto& [text, sentence] : cases) {
        const auto table = password_table::parse(text, "p");
        ASSERT_FALSE(table) << text;
        EXPECT_NE(table.error().message().find(sentence), std::string::npos) << table.error();
        EXPECT_EQ(table.error().message().find("abcdefghij"), std::string::npos) << table.error();
    }
}

TEST(PasswordTable, RefusesEveryPrefixOfAHash)
{
    for (std::size_t size = 0; size < cost_4.size(); ++size) {
        EXPECT_FALSE(password_table::parse("alice:" + cost_4.substr(0, size), "p")) << size;
    }
}

TEST(CheckPassword, KnowsRightFromWrong)
{
    EXPECT_TRUE(blocking_check_password("correct horse", cost_4, 4));
    EXPECT_TRUE(blocking_check_password("correct horse", cost_4, 6));
    EXPECT_TRUE(blocking_check_password("battery staple", cost_5, 5));
    for (const std::string& wrong :
         {std::string("correct hors"), std::string("correct horse "), std::string(), cost_4}) {
        EXPECT_FALSE(blocking_check_password(wrong, cost_4, 6)) << wrong;
    }
    // What an unknown user is checked against fits nobody.
    for (const char* const any : {"", "correct horse", "x"}) EXPECT_FALSE(blocking_check_password(any, "", 4));
}

}  // namespace
}  // namespace nodescope::auth
