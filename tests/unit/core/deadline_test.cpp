#include "core/deadline.hpp"

#include <gtest/gtest.h>

namespace nodescope {
namespace {

using namespace std::chrono_literals;

TEST(ParseDuration, ReadsEachUnit)
{
    EXPECT_EQ(parse_duration("250ms").value(), 250ms);
    EXPECT_EQ(parse_duration("5s").value(), 5s);
    EXPECT_EQ(parse_duration("1m").value(), 1min);
    EXPECT_EQ(parse_duration("2h").value(), 2h);
    EXPECT_EQ(parse_duration("24h").value(), 24h);
}

TEST(ParseDuration, RefusesEverythingElse)
{
    for (const char* text : {"", "5", "s", "-5s", "+5s", " 5s", "5s ", "5 s", "0s", "25h", "5d", "1.5s",
                             "99999999999999999999s", "9223372036854775807h", "0x5s", "5S"}) {
        const auto parsed = parse_duration(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().kind(), failure::invalid);
        EXPECT_NE(parsed.error().message().find(text), std::string::npos);
    }
}

TEST(DurationText, UsesTheLargestWholeUnit)
{
    EXPECT_EQ(duration_text(250ms), "250ms");
    EXPECT_EQ(duration_text(1500ms), "1500ms");
    EXPECT_EQ(duration_text(10s), "10s");
    EXPECT_EQ(duration_text(60s), "1m");
    EXPECT_EQ(duration_text(0s), "0ms");
}

TEST(Deadline, SoonerKeepsTheLimitOfTheOneThatFires)
{
    const deadline outer = deadline::in(5s);
    const deadline inner = deadline::in(10s);
    EXPECT_EQ(deadline::sooner(outer, inner).limit(), 5s);
    EXPECT_EQ(deadline::sooner(inner, outer).limit(), 5s);
}

}  // namespace
}  // namespace nodescope
