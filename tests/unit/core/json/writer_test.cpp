#include "core/json/writer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace nodescope {
namespace {

std::string go_string(std::string_view text)
{
    std::string out;
    append_json_string(out, text, json_spelling::go);
    return out;
}

template <class Number>
std::string float_text(Number value)
{
    std::string out;
    append_json_number(out, value);
    return out;
}

TEST(JsonString, EscapesWhatJsonAsksFor)
{
    EXPECT_EQ(json_string("plain"), "\"plain\"");
    EXPECT_EQ(json_string("a\"b\\c\n\r\t\b\f"), R"("a\"b\\c\n\r\t\b\f")");
    EXPECT_EQ(json_string("\x1b\x7f"), R"("\u001b\u007f")");
    EXPECT_EQ(json_string("ä漢😀"), "\"ä漢😀\"");
}

TEST(JsonString, ReplacesEachInvalidByte)
{
    EXPECT_EQ(json_string("a\xff"
                          "b"),
              "\"a\xef\xbf\xbd"
              "b\"");
    EXPECT_EQ(json_string("\xe6\xbc"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    EXPECT_EQ(json_string("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(JsonString, SpellsAsGoDoes)
{
    EXPECT_EQ(go_string(""), R"("")");
    EXPECT_EQ(go_string("a/b-c"), R"("a/b-c")");
    EXPECT_EQ(go_string("\"\\\n\r\t\b\f\x01"), R"("\"\\\n\r\t\u0008\u000c\u0001")");
    EXPECT_EQ(go_string("<a href='x'>&"), R"("\u003ca href='x'\u003e\u0026")");
    EXPECT_EQ(go_string("\xe2\x80\xa8|\xe2\x80\xa9|\xe2\x80\xaa"), "\"\\u2028|\\u2029|\xe2\x80\xaa\"");
    EXPECT_EQ(go_string("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"), "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"");
    EXPECT_EQ(go_string(std::string_view("\0", 1)), R"("\u0000")");
    EXPECT_EQ(go_string("\x7f\xc2\x80\xc2\xa0"), "\"\\u007f\\u0080\xc2\xa0\"");
}

TEST(JsonString, MarksEachByteThatIsNotUtf8AsGoDoes)
{
    EXPECT_EQ(go_string("a\xff\xfe"), R"("a\ufffd\ufffd")");
    EXPECT_EQ(go_string("\xc3"), R"("\ufffd")");
    EXPECT_EQ(go_string("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");
    EXPECT_EQ(go_string("\xe2\x80"), R"("\ufffd\ufffd")");
    EXPECT_EQ(go_string("\xf5<"), R"("\ufffd\u003c")");
}

/// Each byte value at each place of a run, with every length of tail: the word-wise and the byte-wise part must agree.
TEST(JsonString, SpellsAsGoDoesAtEachPlace)
{
    for (int value = 0; value < 256; ++value) {
        const std::string byte(1, static_cast<char>(value));
        const std::string alone = go_string(byte);
        const std::string spelled = alone.substr(1, alone.size() - 2);
        const bool is_escaped =
            value < 0x20 || value > 0x7e || std::string_view("\"\\<>&").find(byte) != std::string::npos;
        EXPECT_EQ(spelled != byte, is_escaped) << value;
        for (std::size_t before = 0; before < 20; ++before) {
            for (const std::size_t after : {0U, 1U, 7U, 8U, 9U}) {
                const std::string head(before, 'x');
                const std::string tail(after, 'x');
                EXPECT_EQ(go_string(fmt::format("{}{}{}", head, byte, tail)),
                          fmt::format("\"{}{}{}\"", head, spelled, tail))
                    << value;
            }
        }
    }
}

TEST(JsonNumber, IsTheShortestFloat)
{
    EXPECT_EQ(float_text(0.0), "0");
    EXPECT_EQ(float_text(-0.0), "-0");
    EXPECT_EQ(float_text(0.1), "0.1");
    EXPECT_EQ(float_text(100.0), "100");
    EXPECT_EQ(float_text(1e-6), "0.000001");
    EXPECT_EQ(float_text(9.9e-7), "9.9e-7");
    EXPECT_EQ(float_text(1e-10), "1e-10");
    EXPECT_EQ(float_text(1.5e-300), "1.5e-300");
    EXPECT_EQ(float_text(1e20), "100000000000000000000");
    EXPECT_EQ(float_text(73786976294838206464.0), "73786976294838210000");
    EXPECT_EQ(float_text(-9007199254740993.0), "-9007199254740992");
    EXPECT_EQ(float_text(1e21), "1e+21");
    EXPECT_EQ(float_text(1.7976931348623157e308), "1.7976931348623157e+308");
    EXPECT_EQ(float_text(std::numeric_limits<double>::denorm_min()), "5e-324");
}

TEST(JsonNumber, OfThirtyTwoBitsIsShorter)
{
    EXPECT_EQ(float_text(0.1F), "0.1");
    EXPECT_EQ(float_text(99.7F), "99.7");
    EXPECT_EQ(float_text(16777216.0F), "16777216");
    EXPECT_EQ(float_text(3.4028235e38F), "3.4028235e+38");
    EXPECT_EQ(float_text(1e-7F), "1e-7");
}

TEST(JsonNumber, IsNullWhenJsonCannotSayIt)
{
    EXPECT_EQ(float_text(std::nan("")), "null");
    EXPECT_EQ(float_text(std::numeric_limits<double>::infinity()), "null");
    EXPECT_EQ(float_text(-std::numeric_limits<float>::infinity()), "null");
}

TEST(JsonWriter, SetsCommasByWhatStandsBefore)
{
    std::string out;
    json_writer json(out, json_spelling::go);
    json.object([&] {
        json.member("a", 1);
        json.array_member("list", [&] {
            json.value("{");
            json.value("[:");
            json.object([] {});
            json.array([] {});
            json.null();
        });
        json.map_key("k\"<");
        json.object([&] {
            json.member("yes", true);
            json.member("no", false);
        });
        json.raw(R"("row":1,"of":"members")");
        json.raw_member("raw", "[ ]");
    });
    EXPECT_EQ(out, R"({"a":1,"list":["{","[:",{},[],null],"k\"\u003c":{"yes":true,"no":false},)"
                   R"("row":1,"of":"members","raw":[ ]})");
}

TEST(JsonWriter, WritesListsByElement)
{
    std::string out;
    json_writer json(out);
    json.object([&] {
        json.list_member("texts", std::vector<std::string>{"a", "\"", ""});
        json.list_member("none", std::vector<int>());
        json.array_member("twice", std::vector<int>{1, 2}, [&](int one) { json.value(2 * one); });
    });
    EXPECT_EQ(out, R"({"texts":["a","\"",""],"none":[],"twice":[2,4]})");
}

TEST(JsonWriter, WritesNullForWhatIsNotKnown)
{
    std::string out;
    json_writer json(out);
    json.object([&] {
        json.member("known", std::optional(false));
        json.member("unknown", std::optional<std::string>());
    });
    EXPECT_EQ(out, R"({"known":false,"unknown":null})");
}

TEST(JsonWriter, WritesLinesBelowEachOther)
{
    std::string out;
    json_writer json(out);
    json.value("one");
    out += '\n';
    json.object([] {});
    EXPECT_EQ(out, "\"one\"\n{}");
}

TEST(JsonWriter, WritesIntegersInFull)
{
    std::string out;
    json_writer json(out);
    json.array([&] {
        json.value(std::uint64_t{18446744073709551615U});
        json.value(std::uint64_t{9223372036854771712U});
        json.value(std::numeric_limits<std::int64_t>::min());
        json.value(std::uint8_t{7});
        json.value(-1);
    });
    EXPECT_EQ(out, "[18446744073709551615,9223372036854771712,-9223372036854775808,7,-1]");
}

TEST(JsonWriter, LeavesOutEmptyMembers)
{
    std::string out;
    json_writer json(out);
    json.object([&] {
        json.member_unless_empty("zero", std::uint64_t{0});
        json.member_unless_empty("empty", std::string());
        json.member_unless_empty("one", std::uint64_t{1});
        json.member_unless_empty("text", std::string("x"));
    });
    EXPECT_EQ(out, R"({"one":1,"text":"x"})");
}

TEST(AppendJsonMember, GrowsAnObject)
{
    std::string object = "{}";
    append_json_member(object, "a", "1");
    append_json_member(object, "b\n", "2");
    EXPECT_EQ(object, R"({"a":"1","b\n":"2"})");
}

}  // namespace
}  // namespace nodescope
