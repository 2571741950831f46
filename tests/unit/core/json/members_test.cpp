#include "core/json/members.hpp"

#include <gtest/gtest.h>

namespace nodescope {
namespace {

constexpr std::string_view answer =
    R"({"Id":"a\n","State":{"Pid":7,"Health":{"Status":"healthy"}},"Labels":{"io.x/y":1,"io.x":"z"},"Up":true})";

TEST(JsonMemberOfKind, IsEmptyForEverythingElse)
{
    EXPECT_EQ(json_member_of_kind(answer, "Up", json_kind::boolean), "true");
    EXPECT_EQ(json_member_of_kind(answer, "Up", json_kind::string), "");
    EXPECT_EQ(json_member_of_kind(answer, "Down", json_kind::boolean), "");
    EXPECT_EQ(json_member_of_kind("", "Up", json_kind::boolean), "");
    EXPECT_EQ(json_member_of_kind("[]", "Up", json_kind::null), "");
    EXPECT_EQ(json_text_member(answer, "Id"), "a\n");
    EXPECT_EQ(json_text_member(answer, "State"), "");
    EXPECT_EQ(json_text_member("{", "Id"), "");
}

TEST(ReadJsonMembers, FollowsPaths)
{
    std::string id;
    std::string health;
    std::string label;
    std::int64_t pid = 0;
    std::string_view state;
    ASSERT_TRUE(read_json_members(answer, {{"Id", &id},
                                           {"State", &state},
                                           {"State/Pid", &pid},
                                           {"State/Health/Status", &health},
                                           {"Labels/io.x", &label},
                                           {"Missing/Pid", &pid}}));
    EXPECT_EQ(id, "a\n");
    EXPECT_EQ(health, "healthy");
    EXPECT_EQ(label, "z");
    EXPECT_EQ(pid, 7);
    EXPECT_EQ(state, R"({"Pid":7,"Health":{"Status":"healthy"}})");
}

TEST(ReadJsonMembers, TakesNullForAbsentAndTheLastOfRepeatedKeys)
{
    std::string text = "before";
    std::int64_t number = 3;
    std::string_view slice;
    ASSERT_TRUE(read_json_members(R"({"t":null,"o":null,"s":null})", {{"t", &text}, {"o/n", &number}, {"s", &slice}}));
    EXPECT_EQ(text, "before");
    EXPECT_EQ(number, 3);
    EXPECT_EQ(slice, "null");
    ASSERT_TRUE(
        read_json_members(R"({"t":"a","\u0074":"b","o":{"n":1},"o":{"n":2}})", {{"t", &text}, {"o/n", &number}}));
    EXPECT_EQ(text, "b");
    EXPECT_EQ(number, 2);
}

TEST(ReadJsonMembers, AKeyWithASlashIsNoPath)
{
    std::string text;
    ASSERT_TRUE(read_json_members(R"({"a/b":"outer","a":{}})", {{"a/b", &text}}));
    EXPECT_EQ(text, "");
}

TEST(ReadJsonMembers, SaysWhatIsOfAnotherType)
{
    std::string text;
    std::int64_t number = 0;
    const auto reason = [&](std::string_view object) {
        const auto read = read_json_members(object, {{"o/t", &text}, {"o/n", &number}});
        if (read) return std::string();
        EXPECT_EQ(read.error().kind(), failure::malformed);
        return read.error().message();
    };
    EXPECT_EQ(reason(R"({"o":{"t":1}})"), "o.t is not a string");
    EXPECT_EQ(reason(R"({"o":{"n":"1"}})"), "o.n is not an integer");
    EXPECT_EQ(reason(R"({"o":{"n":1.5}})"), "o.n is not an integer");
    EXPECT_EQ(reason(R"({"o":[]})"), "o is not an object");
    EXPECT_EQ(reason("[]"), "not JSON: an object expected at byte 0");
    EXPECT_NE(reason(R"({"o":{"t":1)"), "");
}

}  // namespace
}  // namespace nodescope
