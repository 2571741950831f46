#include "server/api/cadvisor/go_json.hpp"

#include "tests/support/local_zone.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace nodescope::api {
namespace {

std::string string_text(std::string_view text)
{
    std::string out;
    append_go_string(out, text);
    return out;
}

template <class Number>
std::string float_text(Number value)
{
    std::string out;
    append_go_float(out, value);
    return out;
}

TEST(GoJson, EscapesStringsAsGoDoes)
{
    EXPECT_EQ(string_text(""), R"("")");
    EXPECT_EQ(string_text("a/b-c"), R"("a/b-c")");
    EXPECT_EQ(string_text("\"\\\n\r\t\b\f\x01"), R"("\"\\\n\r\t\u0008\u000c\u0001")");
    EXPECT_EQ(string_text("<a href='x'>&"), R"("\u003ca href='x'\u003e\u0026")");
    EXPECT_EQ(string_text("\xe2\x80\xa8|\xe2\x80\xa9|\xe2\x80\xaa"), "\"\\u2028|\\u2029|\xe2\x80\xaa\"");
    EXPECT_EQ(string_text("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"), "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"");
    EXPECT_EQ(string_text(std::string_view("\0", 1)), R"("\u0000")");
    EXPECT_EQ(string_text("\x7f\xc2\x80\xc2\xa0"), "\"\\u007f\\u0080\xc2\xa0\"");
}

TEST(GoJson, MarksEachByteThatIsNotUtf8)
{
    EXPECT_EQ(string_text("a\xff\xfe"), R"("a\ufffd\ufffd")");
    EXPECT_EQ(string_text("\xc3"), R"("\ufffd")");
    EXPECT_EQ(string_text("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");
    EXPECT_EQ(string_text("\xe2\x80"), R"("\ufffd\ufffd")");
    EXPECT_EQ(string_text("\xf5<"), R"("\ufffd\u003c")");
}

TEST(GoJson, WritesTheShortestFloat)
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

TEST(GoJson, WritesFloatsOfThirtyTwoBitsShorter)
{
    EXPECT_EQ(float_text(0.1F), "0.1");
    EXPECT_EQ(float_text(99.7F), "99.7");
    EXPECT_EQ(float_text(16777216.0F), "16777216");
    EXPECT_EQ(float_text(3.4028235e38F), "3.4028235e+38");
    EXPECT_EQ(float_text(1e-7F), "1e-7");
}

TEST(GoJson, HasNoFloatThatJsonCannotSay)
{
    EXPECT_EQ(float_text(std::nan("")), "null");
    EXPECT_EQ(float_text(std::numeric_limits<double>::infinity()), "null");
    EXPECT_EQ(float_text(-std::numeric_limits<float>::infinity()), "null");
}

TEST(GoJson, SetsCommasByWhatStandsBefore)
{
    std::string out;
    go_json json(out);
    json.begin_object();
    json.member("a", 1);
    json.key("list");
    json.begin_array();
    json.value("{");
    json.value("[:");
    json.begin_object();
    json.end_object();
    json.begin_array();
    json.end_array();
    json.null();
    json.end_array();
    json.map_key("k\"<");
    json.begin_object();
    json.member("yes", true);
    json.member("no", false);
    json.end_object();
    json.end_object();
    EXPECT_EQ(out, R"({"a":1,"list":["{","[:",{},[],null],"k\"\u003c":{"yes":true,"no":false}})");
}

TEST(GoJson, WritesLinesBelowEachOther)
{
    std::string out;
    go_json json(out);
    json.value("one");
    out += '\n';
    json.begin_object();
    json.end_object();
    EXPECT_EQ(out, "\"one\"\n{}");
}

TEST(GoJson, WritesIntegersInFull)
{
    std::string out;
    go_json json(out);
    json.begin_array();
    json.value(std::uint64_t{18446744073709551615U});
    json.value(std::uint64_t{9223372036854771712U});
    json.value(std::numeric_limits<std::int64_t>::min());
    json.value(std::uint8_t{7});
    json.value(-1);
    json.end_array();
    EXPECT_EQ(out, "[18446744073709551615,9223372036854771712,-9223372036854775808,7,-1]");
}

TEST(GoJson, LeavesOutEmptyMembers)
{
    std::string out;
    go_json json(out);
    json.begin_object();
    json.member_unless_empty("zero", std::uint64_t{0});
    json.member_unless_empty("empty", std::string());
    json.member_unless_empty("one", std::uint64_t{1});
    json.member_unless_empty("text", std::string("x"));
    json.end_object();
    EXPECT_EQ(out, R"({"one":1,"text":"x"})");
}

std::string time_text(std::optional<go_json::time_point> when, go_json::zone shown)
{
    std::string out;
    go_json json(out);
    json.time(when, shown);
    return out;
}

go_json::time_point at(std::int64_t seconds, std::int64_t nanoseconds)
{
    return go_json::time_point(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds));
}

TEST(GoJson, WritesTimesWithTheFractionThatTheyHave)
{
    constexpr auto utc = go_json::zone::utc;
    EXPECT_EQ(time_text(std::nullopt, utc), R"("0001-01-01T00:00:00Z")");
    EXPECT_EQ(time_text(at(0, 0), utc), R"("1970-01-01T00:00:00Z")");
    EXPECT_EQ(time_text(at(1795218160, 639000000), utc), R"("2026-11-20T23:42:40.639Z")");
    EXPECT_EQ(time_text(at(1795218160, 5), utc), R"("2026-11-20T23:42:40.000000005Z")");
    EXPECT_EQ(time_text(at(1795218160, 999999999), utc), R"("2026-11-20T23:42:40.999999999Z")");
    EXPECT_EQ(time_text(at(-1, 500000000), utc), R"("1969-12-31T23:59:59.5Z")");
}

TEST(GoJson, ShowsTheLocalZone)
{
    constexpr auto local = go_json::zone::local;
    {
        const nodescope::testing::local_zone zone("NST-2:30");
        EXPECT_EQ(time_text(at(1795218160, 1000), local), R"("2026-11-21T02:12:40.000001+02:30")");
        EXPECT_EQ(time_text(std::nullopt, local), R"("0001-01-01T00:00:00Z")");
        EXPECT_EQ(time_text(at(1795218160, 0), go_json::zone::utc), R"("2026-11-20T23:42:40Z")");
    }
    {
        const nodescope::testing::local_zone zone("XXX5");
        EXPECT_EQ(time_text(at(1795218160, 0), local), R"("2026-11-20T18:42:40-05:00")");
    }
    const nodescope::testing::local_zone zone("UTC0");
    EXPECT_EQ(time_text(at(1795218160, 0), local), R"("2026-11-20T23:42:40Z")");
}

TEST(GoJson, KeepsNoMinuteForAnotherTime)
{
    std::string out;
    go_json json(out);
    json.begin_array();
    json.time(at(59, 0), go_json::zone::utc);
    json.time(at(60, 0), go_json::zone::utc);
    json.time(at(86399, 0), go_json::zone::utc);
    json.end_array();
    EXPECT_EQ(out, R"(["1970-01-01T00:00:59Z","1970-01-01T00:01:00Z","1970-01-01T23:59:59Z"])");
}

}  // namespace
}  // namespace nodescope::api
