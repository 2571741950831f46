#include "collectors/application/exposition.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::applications {
namespace {

const time_point now(std::chrono::seconds(1'000));

result<figures> read(std::string_view text, const std::vector<std::string>& wanted = {})
{
    return parse_exposition(text, wanted, now);
}

TEST(Exposition, HasNamesLabelsValuesAndTimes)
{
    const auto got = read(
        "# HELP requests_total All \\n of them\n"
        "# TYPE requests_total counter\n"
        "requests_total{method=\"GET\", path=\"/a\\\\b\\\"c\\n\",} 3.5e2 1395066363000\n"
        "\n"
        "  # TYPE temperature gauge\r\n"
        "temperature -1.25\r\n"
        "other:name_2{} +7\n");
    ASSERT_TRUE(got) << got.error();
    ASSERT_EQ(got->values.size(), 3U);
    EXPECT_EQ(got->values[0].name, "requests_total");
    EXPECT_EQ(got->values[0].labels, (std::map<std::string, std::string>{{"method", "GET"}, {"path", "/a\\b\"c\n"}}));
    EXPECT_EQ(got->values[0].real, 350);
    EXPECT_EQ(got->values[0].when, time_point(std::chrono::milliseconds(1395066363000)));
    EXPECT_EQ(got->values[1].real, -1.25);
    EXPECT_EQ(got->values[1].when, now);
    EXPECT_EQ(got->values[2].name, "other:name_2");
    ASSERT_EQ(got->specs.size(), 3U);
    EXPECT_EQ(got->specs[0], (metric_spec{"other:name_2", "UNTYPED", "float", ""}));
    EXPECT_EQ(got->specs[1], (metric_spec{"requests_total", "cumulative", "float", ""}));
    EXPECT_EQ(got->specs[2], (metric_spec{"temperature", "gauge", "float", ""}));
}

TEST(Exposition, LeavesOutWhatIsNotWantedAndWhatJsonCannotSay)
{
    const auto got = read("a 1\nb 2\nc NaN\nd +Inf\ne -Inf\nf 1e999\n", {"b", "c", "d", "e", "f"});
    ASSERT_TRUE(got) << got.error();
    ASSERT_EQ(got->values.size(), 1U);
    EXPECT_EQ(got->values[0].name, "b");
    EXPECT_TRUE(read("")->values.empty());
}

TEST(Exposition, NamesTheLineThatIsNone)
{
    for (const char* wrong :
         {"1a 2", "a", "a b", "a 1 2 3", "a{ 1", "a{b} 1", "a{b=c} 1", "a{b=\"c\" d=\"e\"} 1", "a{b=\"c} 1",
          "a{b=\"c\\", "a 1 x", "{} 1", "a{b=\"c\",,} 1", "a 1 99999999999999999999"}) {
        const auto got = read("fine 1\n" + std::string(wrong) + "\n");
        ASSERT_FALSE(got) << wrong;
        EXPECT_EQ(got.error().kind(), failure::malformed);
        EXPECT_EQ(got.error().message(), "line 2 is not in Prometheus' text format");
    }
}

TEST(Exposition, HasNoMoreThanFits)
{
    std::string names;
    for (std::size_t at = 0; at <= metric_limit; ++at) names += "m" + std::to_string(at) + " 1\n";
    EXPECT_EQ(read(names).error().kind(), failure::too_large);
    EXPECT_TRUE(read(names, {"m1", "m2"}));
    std::string values;
    for (std::size_t at = 0; at <= value_limit; ++at) values += "m{at=\"" + std::to_string(at) + "\"} 1\n";
    EXPECT_EQ(read(values).error().kind(), failure::too_large);
    std::string labels = "m{";
    for (int at = 0; at < 1000; ++at) labels += "l" + std::to_string(at) + "=\"\",";
    EXPECT_EQ(read(labels + "} 1").error().kind(), failure::malformed);
}

TEST(Exposition, CutAnywhereHasNothingThatIsNotThere)
{
    const std::string text = "# TYPE a counter\na{b=\"c\"} 12 1000\n";
    for (std::size_t length = 0; length < text.size(); ++length) {
        const auto got = read(std::string_view(text).substr(0, length));
        if (!got || got->values.empty()) continue;
        EXPECT_EQ(got->values[0].name, "a");
        EXPECT_EQ(got->values[0].labels.at("b"), "c");
    }
}

}  // namespace
}  // namespace nodescope::applications
