#include "server/auth/password_file.hpp"

#include <gtest/gtest.h>

namespace nodescope::auth {
namespace {

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
