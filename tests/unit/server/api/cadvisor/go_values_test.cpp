#include "server/api/cadvisor/go_values.hpp"

#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

using namespace std::chrono_literals;

TEST(GoDuration, ReadsWhatGoReads)
{
    const std::pair<std::string_view, std::chrono::nanoseconds> cases[] = {
        {"0", 0ns},          {"10s", 10s},
        {"1m30s", 90s},      {"500ms", 500ms},
        {"1.5h", 90min},     {"-2us", -2us},
        {"+3ns", 3ns},       {".5s", 500ms},
        {"1.s", 1s},         {"2h0.25s", 2h + 250ms},
        {"\xc2\xb5s", 0ns},  {"7\xc2\xb5s", 7us},
        {"7\xce\xbcs", 7us}, {"9223372036854775807ns", 9223372036854775807ns},
    };
    for (const auto& [text, value] : cases) {
        const auto read = parse_go_duration(text);
        if (text == "\xc2\xb5s") {
            EXPECT_FALSE(read);
            continue;
        }
        ASSERT_TRUE(read) << text << ": " << read.error().message();
        EXPECT_EQ(*read, value) << text;
    }
}

TEST(GoDuration, SaysWhatGoSays)
{
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", R"(time: invalid duration "")"},
        {"abc", R"(time: invalid duration "abc")"},
        {"-", R"(time: invalid duration "-")"},
        {".s", R"(time: invalid duration ".s")"},
        {"5", R"(time: missing unit in duration "5")"},
        {"1m5", R"(time: missing unit in duration "1m5")"},
        {"5x", R"(time: unknown unit "x" in duration "5x")"},
        {"1d2h", R"(time: unknown unit "d" in duration "1d2h")"},
        {"9999999999999999999999h", R"(time: invalid duration "9999999999999999999999h")"},
        {"9223372036854775807ns1ns", R"(time: invalid duration "9223372036854775807ns1ns")"},
        {" 1s", R"(time: invalid duration " 1s")"},
    };
    for (const auto& [text, message] : cases) {
        const auto read = parse_go_duration(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().message(), message);
        EXPECT_EQ(read.error().kind(), failure::invalid);
    }
}

TEST(GoBool, KnowsTheSpellingsOfTrue)
{
    for (const std::string_view text : {"1", "t", "T", "TRUE", "true", "True"}) EXPECT_TRUE(is_go_true(text)) << text;
    for (const std::string_view text : {"", "0", "tRUE", "yes", "false", "true "}) EXPECT_FALSE(is_go_true(text));
}

std::int64_t nanoseconds_of(std::string_view text)
{
    const auto read = parse_go_time(text);
    return read ? read->time_since_epoch().count() : -1;
}

TEST(GoTime, ReadsRfc3339WithAllItsDigits)
{
    EXPECT_EQ(nanoseconds_of("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(nanoseconds_of("2026-11-20T23:42:53.24446484Z"), 1795218173244464840);
    EXPECT_EQ(nanoseconds_of("2026-11-21T01:42:53.244464849999+02:00"), 1795218173244464849);
    EXPECT_EQ(nanoseconds_of("2026-11-20T18:12:53-05:30"), 1795218173000000000);
}

TEST(GoTime, KnowsWhatIsNone)
{
    const std::string_view whole = "2026-11-20T23:42:53.5+02:00";
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_FALSE(parse_go_time(whole.substr(0, length))) << whole.substr(0, length);
    }
    for (const std::string_view text :
         {"2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
          "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01 00:00:00Z", "2026-1-1T00:00:00Z",
          "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+2:00",
          "2026-06-30T23:59:60Z", "2026-01-01T00:00:00z"}) {
        EXPECT_FALSE(parse_go_time(text)) << text;
    }
}

}  // namespace
}  // namespace nodescope::api
