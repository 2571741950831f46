#include "core/json/reader.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace nodescope {
namespace {

using members = std::vector<std::pair<std::string, std::string>>;

/// The elements, or the reason as the only one.
std::vector<std::string> elements_of(std::string_view array)
{
    std::vector<std::string> out;
    const auto scanned = for_each_json_element(array, [&out](std::string_view element) { out.emplace_back(element); });
    if (!scanned) return {scanned.error().message()};
    return out;
}

members members_of(std::string_view object)
{
    members out;
    const auto scanned = for_each_json_member(object, [&out](std::string_view key, std::string_view value) {
        out.emplace_back(std::string(key), std::string(value));
    });
    if (!scanned) return {{"error", scanned.error().message()}};
    return out;
}

std::string reason(std::string_view text)
{
    const auto document = json_document(text);
    return document ? "accepted" : document.error().message();
}

constexpr std::string_view everything =
    R"({"a":[1,-0.5e+10,true,false,null,"\"\\\/\b\f\n\r\t\u00e9"],"b":{},"c":[],"d":{"e":[{"f":[[]]}]}})";

TEST(JsonDocument, GivesTheValueWithoutTheSpaceAroundIt)
{
    EXPECT_EQ(json_document(" \t\r\n{\"a\" : 1}\n").value(), "{\"a\" : 1}");
    EXPECT_EQ(json_document(everything).value(), everything);
    for (const std::string_view scalar : {"0", "-0", "1e5", "1E-5", "12.75", "\"\"", "true", "false", "null"}) {
        EXPECT_EQ(json_document(scalar).value(), scalar);
    }
}

TEST(JsonDocument, RefusesEveryTruncation)
{
    for (std::size_t length = 0; length < everything.size(); ++length) {
        const auto cut = json_document(everything.substr(0, length));
        ASSERT_FALSE(cut) << length;
        EXPECT_EQ(cut.error().kind(), failure::malformed);
    }
}

TEST(JsonDocument, RefusesWhatIsNotJson)
{
    for (const std::string_view text :
         {"{",           "}",        "[1,]",    "[,1]",  "[1 2]", "{\"a\"}", "{\"a\":}",
          "{\"a\":1,}",  "{a:1}",    "{'a':1}", "{1:2}", "01",    "+1",      ".5",
          "1.",          "1e",       "1e+",     "-",     "--1",   "0x10",    "NaN",
          "Infinity",    "tru",      "True",    "nulll", "\"a",   "\"\\x\"", "\"\\u12\"",
          "\"\\u12g4\"", "\"a\nb\"", "1 1",     "{} {}", "[1]]",  "/**/1",   "\xef\xbb\xbf{}",
          "{\"a\":1]",   "[1}"}) {
        const auto document = json_document(text);
        ASSERT_FALSE(document) << text;
        EXPECT_EQ(document.error().kind(), failure::malformed) << text;
    }
    EXPECT_FALSE(json_document(std::string_view("\0", 1)));
    EXPECT_FALSE(json_document(std::string_view("\"\0\"", 3)));
}

TEST(JsonDocument, SaysWhatIsWrongAndWhere)
{
    EXPECT_EQ(reason(""), "incomplete JSON at byte 0");
    EXPECT_EQ(reason("{\"a\""), "incomplete JSON at byte 4");
    EXPECT_EQ(reason("{\"a\":1 \"b\":2}"), "not JSON: a comma or the closing bracket expected at byte 7");
    EXPECT_EQ(reason("<html>"), "not JSON: a value expected at byte 0");
    EXPECT_EQ(reason("{} x"), "extra data after the value at byte 3");
}

TEST(JsonDocument, BoundsTheNesting)
{
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_TRUE(json_document(nested(json_depth_limit)));
    EXPECT_EQ(reason(nested(json_depth_limit + 1)), "not JSON: nesting too deep at byte 128");
    EXPECT_FALSE(json_document(std::string(1'000'000, '[')));
    std::string objects;
    for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
    EXPECT_FALSE(json_document(objects));
}

TEST(JsonKindOf, LooksAtTheFirstByte)
{
    EXPECT_EQ(json_kind_of("{}"), json_kind::object);
    EXPECT_EQ(json_kind_of("[]"), json_kind::array);
    EXPECT_EQ(json_kind_of("\"\""), json_kind::string);
    EXPECT_EQ(json_kind_of("-1"), json_kind::number);
    EXPECT_EQ(json_kind_of("7"), json_kind::number);
    EXPECT_EQ(json_kind_of("true"), json_kind::boolean);
    EXPECT_EQ(json_kind_of("false"), json_kind::boolean);
    EXPECT_EQ(json_kind_of("null"), json_kind::null);
    EXPECT_EQ(json_kind_of(""), json_kind::null);
}

TEST(ForEachJsonElement, GivesTheBytesAsTheyAre)
{
    EXPECT_EQ(elements_of("[]"), std::vector<std::string>{});
    EXPECT_EQ(elements_of(" [ ] "), std::vector<std::string>{});
    EXPECT_EQ(elements_of(R"( [ {"a" : 12345678901234567890.10} , "x,]" ,[1,2], null ] )"),
              (std::vector<std::string>{R"({"a" : 12345678901234567890.10})", "\"x,]\"", "[1,2]", "null"}));
}

TEST(ForEachJsonElement, SlicesPointIntoTheArray)
{
    const std::string array = "[10, 20]";
    std::vector<std::size_t> ends;
    const auto scanned = for_each_json_element(array, [&](std::string_view element) {
        ends.push_back(static_cast<std::size_t>(element.data() - array.data()) + element.size());
    });
    ASSERT_TRUE(scanned);
    EXPECT_EQ(ends, (std::vector<std::size_t>{3, 7}));
}

TEST(ForEachJsonElement, RefusesEveryTruncationAndOtherKinds)
{
    constexpr std::string_view array = R"([{"a":"]"},[1],"\u0041"])";
    for (std::size_t length = 0; length < array.size(); ++length) {
        EXPECT_FALSE(for_each_json_element(array.substr(0, length), [](std::string_view) {})) << length;
    }
    EXPECT_EQ(elements_of("{}"), std::vector<std::string>{"not JSON: an array expected at byte 0"});
    EXPECT_EQ(elements_of("[1] 2"), std::vector<std::string>{"extra data after the value at byte 4"});
}

TEST(ForEachJsonMember, DecodesKeysAndKeepsValues)
{
    EXPECT_EQ(members_of("{}"), members{});
    EXPECT_EQ(members_of(R"({"a":1, "\u006eame" : "\u0061" ,"a":2,"":{}})"),
              (members{{"a", "1"}, {"name", R"("\u0061")"}, {"a", "2"}, {"", "{}"}}));
}

TEST(ForEachJsonMember, RefusesEveryTruncationAndOtherKinds)
{
    for (std::size_t length = 0; length < everything.size(); ++length) {
        EXPECT_FALSE(for_each_json_member(everything.substr(0, length), [](std::string_view, std::string_view) {}))
            << length;
    }
    EXPECT_EQ(members_of("[]"), (members{{"error", "not JSON: an object expected at byte 0"}}));
    EXPECT_EQ(members_of("\"{}\""), (members{{"error", "not JSON: an object expected at byte 0"}}));
}

TEST(JsonMember, FindsTheLastOfRepeatedKeysOnThisLevelOnly)
{
    constexpr std::string_view object =
        R"({"x":{"name":"inner"},"name":"first","n\u0061me":"second","s":"\"name\":1"})";
    EXPECT_EQ(json_member(object, "name").value(), "\"second\"");
    EXPECT_EQ(json_member(object, "x").value(), R"({"name":"inner"})");
    EXPECT_EQ(json_member(object, "missing").value(), "");
    EXPECT_FALSE(json_member("[]", "name"));
}

TEST(DecodeJsonString, ResolvesEscapes)
{
    EXPECT_EQ(decode_json_string("\"\"").value(), "");
    EXPECT_EQ(decode_json_string(R"("\"\\\/\b\f\n\r\t")").value(), "\"\\/\b\f\n\r\t");
    EXPECT_EQ(decode_json_string(R"("\u0041\u00e9\u6f22\ud83d\ude00")").value(), "Aé漢😀");
    EXPECT_EQ(decode_json_string("\"é漢\"").value(), "é漢");
    EXPECT_EQ(decode_json_string(R"("\u0000")").value(), std::string(1, '\0'));
}

TEST(DecodeJsonString, ReplacesHalfPairs)
{
    EXPECT_EQ(decode_json_string(R"("\ud83d")").value(), "\xef\xbf\xbd");
    EXPECT_EQ(decode_json_string(R"("\ude00\ud83d")").value(), "\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(decode_json_string(R"("\ud83dx")").value(), "\xef\xbf\xbdx");
    EXPECT_EQ(decode_json_string(R"("\ud83d\n")").value(), "\xef\xbf\xbd\n");
    EXPECT_EQ(decode_json_string(R"("\ud83d\u0041")").value(),
              "\xef\xbf\xbd"
              "A");
}

TEST(DecodeJsonString, RefusesOtherKinds)
{
    EXPECT_FALSE(decode_json_string(""));
    EXPECT_FALSE(decode_json_string("\""));
    EXPECT_FALSE(decode_json_string("1"));
    EXPECT_FALSE(decode_json_string("null"));
    EXPECT_FALSE(decode_json_string("\"a\"b"));
}

}  // namespace
}  // namespace nodescope
