#include "core/json/strict.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope {
namespace {

constexpr json_limits limits{.depth = 4, .keys = 3};

std::string reason_of_refusal(std::string_view text)
{
    const auto document = strict_json_document(text, limits);
    if (document) return "accepted";
    EXPECT_EQ(document.error().kind(), failure::malformed);
    return document.error().message();
}

TEST(StrictJsonDocument, GivesTheValueWithoutTheSpaceAroundIt)
{
    EXPECT_EQ(strict_json_document(" {\"a\" : [1]}\n", limits).value(), "{\"a\" : [1]}");
    EXPECT_EQ(strict_json_document("\"\\ud83d\\ude00\"", limits).value(), "\"\\ud83d\\ude00\"");
}

TEST(StrictJsonDocument, RefusesWhatTheReaderTakesFromARuntime)
{
    EXPECT_EQ(reason_of_refusal("\"\xff\""), "syntax error at byte 1");
    EXPECT_EQ(reason_of_refusal(R"("\ud83d")"), "syntax error at byte 7");
    EXPECT_EQ(reason_of_refusal(R"("\ude00")"), "illegal trailing surrogate at byte 7");
    EXPECT_EQ(reason_of_refusal("// x\n{}"), "syntax error at byte 0");
}

TEST(StrictJsonDocument, SaysWhatIsWrongAndWhere)
{
    EXPECT_EQ(reason_of_refusal(""), "incomplete JSON at byte 0");
    EXPECT_EQ(reason_of_refusal("{"), "incomplete JSON at byte 1");
    EXPECT_EQ(reason_of_refusal("{}x"), "extra data after the value at byte 2");
    EXPECT_EQ(reason_of_refusal("{\"a\":1,}"), "syntax error at byte 7");
}

TEST(StrictJsonDocument, RefusesEveryTruncation)
{
    const std::string whole = R"({"a":["\u00e4",1.5e3,{"b":true}],"c":null})";
    EXPECT_EQ(reason_of_refusal(whole), "accepted");
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_NE(reason_of_refusal(whole.substr(0, length)), "accepted");
}

TEST(StrictJsonDocument, BoundsDepthAndKeys)
{
    EXPECT_EQ(reason_of_refusal("[[[[1]]]]"), "accepted");
    EXPECT_NE(reason_of_refusal("[[[[[1]]]]]"), "accepted");
    EXPECT_NE(reason_of_refusal(std::string(1'000'000, '[')), "accepted");
    EXPECT_EQ(reason_of_refusal(R"([{"a":1},{"a":2},{"a":3}])"), "accepted");
    EXPECT_EQ(reason_of_refusal(R"([{"a":1},{"a":2},{"a":3,"b":4}])"), "it has more than 3 keys");
}

}  // namespace
}  // namespace nodescope
