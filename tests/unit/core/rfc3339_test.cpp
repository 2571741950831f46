#include "core/rfc3339.hpp"

#include <gtest/gtest.h>

using namespace nodescope;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Rfc3339, WritesUtcWithHundredthsWhereThereAreAny)
{
    EXPECT_EQ(rfc3339(utc_time(milliseconds(0))), "1970-01-01T00:00:00Z");
    EXPECT_EQ(rfc3339(utc_time(seconds(1795223986) + milliseconds(70))), "2026-11-21T01:19:46.07Z");
    EXPECT_EQ(rfc3339(utc_time(seconds(1709164799) + milliseconds(999))), "2024-02-28T23:59:59.99Z");
    EXPECT_EQ(rfc3339(utc_time(seconds(951782400))), "2000-02-29T00:00:00Z");
    EXPECT_EQ(rfc3339(utc_time(milliseconds(-10))), "1969-12-31T23:59:59.99Z");
}

TEST(Rfc3339, ReadsWhatDockerWrites)
{
    EXPECT_EQ(parse_rfc3339("2026-11-21T01:53:44.477455256Z").value(),
              utc_time(seconds(1795226024) + milliseconds(477)));
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z").value(), utc_time(milliseconds(0)));
    EXPECT_EQ(parse_rfc3339("1970-01-01T01:00:00.5+01:00").value(), utc_time(milliseconds(500)));
    EXPECT_EQ(parse_rfc3339("1969-12-31T18:30:00-05:30").value(), utc_time(milliseconds(0)));
    EXPECT_TRUE(parse_rfc3339("0001-01-01T00:00:00Z"));
}

TEST(Rfc3339, ReadsNanoseconds)
{
    using std::chrono::nanoseconds;
    EXPECT_EQ(parse_exact_rfc3339("2026-11-21T01:53:44.477455256Z").value(),
              exact_time(seconds(1795226024) + nanoseconds(477455256)));
    EXPECT_EQ(parse_exact_rfc3339("2026-11-21T01:53:44.4774552569Z").value(),
              exact_time(seconds(1795226024) + nanoseconds(477455256)));
    EXPECT_EQ(parse_exact_rfc3339("1970-01-01T01:00:00.5+01:00").value(), exact_time(milliseconds(500)));
    for (const char* text :
         {"", "0001-01-01T00:00:00Z", "1677-01-01T00:00:00Z", "2263-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}) {
        EXPECT_FALSE(parse_exact_rfc3339(text)) << text;
    }
}

TEST(Rfc3339, RefusesWhatIsNoTime)
{
    for (const char* text :
         {"", "now", "2026-11-21", "2026-11-21 01:53:44Z", "2026-13-21T01:53:44Z", "2026-02-30T01:53:44Z",
          "2026-11-21T24:00:00Z", "2026-11-21T01:60:00Z", "2026-11-21T01:53:61Z", "2026-11-21T01:53:44",
          "2026-11-21T01:53:44.Z", "2026-11-21T01:53:44+0100", "2026-11-21T01:53:44+24:00", "2026-11-21T01:53:44Zx",
          "-026-11-21T01:53:44Z"}) {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
    constexpr std::string_view whole = "2026-11-21T01:53:44.477Z";
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_FALSE(parse_rfc3339(whole.substr(0, length))) << length;
    }
}
