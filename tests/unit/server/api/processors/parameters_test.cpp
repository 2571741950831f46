#include "server/api/processors/parameters.hpp"

#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

result<parameters> parsed_parameters(std::string_view body) { return parameters::parse(body, {"id", "pod.name"}); }

TEST(Parameters, EmptyBodyIsAnEmptyObject)
{
    EXPECT_EQ(parsed_parameters("").value().get("id"), "");
    EXPECT_EQ(parsed_parameters("{}").value().get("id"), "");
    EXPECT_EQ(parsed_parameters(" {} \n").value().get("id"), "");
}

TEST(Parameters, KeepsWantedKeysAndIgnoresTheRest)
{
    const auto got =
        parsed_parameters(R"({"task.uid":"u","id":"abc","other":{"deep":[1,{"id":"no"}]},"pod.name":"p","x":null})")
            .value();
    EXPECT_EQ(got.get("id"), "abc");
    EXPECT_EQ(got.get("pod.name"), "p");
    EXPECT_EQ(got.get("task.uid"), "");
}

TEST(Parameters, DecodesEscapesInKeysAndValues)
{
    EXPECT_EQ(parsed_parameters(R"({"\u0069d":"a\"\\\n\u00e4\ud83d\ude00"})").value().get("id"), "a\"\\\nä😀");
}

TEST(Parameters, TakesNumbersAndBooleansAsText)
{
    EXPECT_EQ(parsed_parameters(R"({"id":12345678901234567890123})").value().get("id"), "12345678901234567890123");
    EXPECT_EQ(parsed_parameters(R"({"id":-1.5e3})").value().get("id"), "-1.5e3");
    EXPECT_EQ(parsed_parameters(R"({"id":true,"pod.name":false})").value().get("pod.name"), "false");
}

TEST(Parameters, RefusesWhatIsNotAnObjectOfStrings)
{
    for (const char* body : {"[]",
                             "null",
                             "1",
                             "true",
                             "\"id\"",
                             "{",
                             "{\"id\"}",
                             "{\"id\":}",
                             "{\"id\":\"a\"",
                             "{\"id\":\"a\"}x",
                             "{\"id\":\"a\"}{}",
                             "{\"id\":null}",
                             "{\"id\":{}}",
                             "{\"id\":[]}",
                             "{'id':'a'}",
                             "{\"id\":\"a\",}",
                             "{\"id\":\"\xff\"}",
                             "{\"id\":\"a\nb\"}",
                             R"({"id":"\ud83d"})",
                             R"({"x":["\ude00"]})",
                             R"({"id":"\ud83d\u0041"})",
                             "// x\n{}",
                             " ",
                             "id=abc"}) {
        const auto got = parsed_parameters(body);
        ASSERT_FALSE(got) << body;
        EXPECT_EQ(got.error().kind(), failure::invalid) << body;
        EXPECT_NE(got.error().message().find("JSON object of strings"), std::string::npos) << body;
    }
}

TEST(Parameters, SaysWhatIsWrong)
{
    const auto reason = [](std::string_view body) {
        std::string said = parsed_parameters(body).error().message();
        return said.substr(said.find(": ") + 2);
    };
    EXPECT_EQ(reason("[]"), "it is an array");
    EXPECT_EQ(reason("true"), "it is a boolean");
    EXPECT_EQ(reason("null"), "it is null");
    EXPECT_EQ(reason("{"), "incomplete JSON at byte 1");
    EXPECT_EQ(reason("{}x"), "extra data after the value at byte 2");
    EXPECT_EQ(reason(R"({"id":[]})"), "the value of \"id\" must be a string");
    EXPECT_EQ(reason(R"({"id":"\ude00"})"), "illegal trailing surrogate at byte 13");
}

TEST(Parameters, RefusesEveryTruncation)
{
    const std::string whole = R"({"id":"a\u00e4","n":[1,{"k":true}],"pod.name":"p"})";
    for (std::size_t length = 1; length < whole.size(); ++length)
        EXPECT_FALSE(parsed_parameters(whole.substr(0, length))) << length;
    EXPECT_TRUE(parsed_parameters(whole));
}

TEST(Parameters, RefusesARepeatedKey)
{
    EXPECT_NE(parsed_parameters(R"({"id":"a","id":"b"})").error().message().find("\"id\" stands twice"),
              std::string::npos);
    EXPECT_FALSE(parsed_parameters(R"({"x":1,"\u0078":2})"));
}

TEST(Parameters, BoundsDepthAndKeys)
{
    const auto nested = [](std::size_t levels) {
        return "{\"x\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
    };
    EXPECT_TRUE(parsed_parameters(nested(parameters::depth_limit - 1)));
    EXPECT_FALSE(parsed_parameters(nested(parameters::depth_limit)));
    EXPECT_FALSE(parsed_parameters(std::string(1'000'000, '[')));
    std::string deep;
    while (deep.size() < 65'536) deep += "{\"a\":";
    EXPECT_FALSE(parsed_parameters(deep));

    std::string many = "{\"k\":0";
    for (std::size_t i = 1; i < parameters::key_limit; ++i) many += ",\"k" + std::to_string(i) + "\":0";
    EXPECT_TRUE(parsed_parameters(many + "}"));
    EXPECT_FALSE(parsed_parameters(many + ",\"one-more\":0}"));
}

TEST(Parameters, TakesLongKeysAndValuesWhole)
{
    const std::string long_value(300'000, 'v');
    const std::string long_key(5'000, 'k');
    EXPECT_EQ(parsed_parameters("{\"" + long_key + "\":1,\"id\":\"" + long_value + "\"}").value().get("id"),
              long_value);
}

}  // namespace
}  // namespace nodescope::api
