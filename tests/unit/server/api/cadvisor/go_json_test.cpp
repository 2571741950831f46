#include "server/api/cadvisor/go_json.hpp"

#include "tests/support/local_zone.hpp"

#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

std::string time_text(std::optional<go_json::time_point> when, go_json::zone shown)
{
    std::string out;
    go_json json(out);
    json.time_member("t", when, shown);
    return out.substr(std::string_view("\"t\":").size());
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
    json.time_member("a", at(59, 0), go_json::zone::utc);
    json.time_member("b", at(60, 0), go_json::zone::utc);
    json.time_member("c", at(86399, 0), go_json::zone::utc);
    EXPECT_EQ(out, R"("a":"1970-01-01T00:00:59Z","b":"1970-01-01T00:01:00Z","c":"1970-01-01T23:59:59Z")");
}

}  // namespace
}  // namespace nodescope::api
