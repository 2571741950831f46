#include "core/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace nodescope {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

struct captured {
    std::vector<std::string> lines;
    logger log;
    explicit captured(log_format format, log_level threshold = log_level::info)
        : log(threshold, format, [this](std::string_view line) { lines.emplace_back(line); })
    {
    }
};

TEST(Logger, WritesOneJsonObjectPerEvent)
{
    captured out(log_format::json);
    out.log.write(log_level::warning, "docker is away",
                  {{"endpoint", "unix:///x"}, {"tries", 3}, {"known", true}, {"s", 0.5}});
    ASSERT_EQ(out.lines.size(), 1U);
    EXPECT_THAT(
        out.lines[0],
        HasSubstr(
            R"("level":"warning","message":"docker is away","endpoint":"unix:///x","tries":3,"known":true,"s":0.5})"));
}

TEST(Logger, EscapesHostileValuesIntoOneLine)
{
    for (const log_format format : {log_format::json, log_format::text}) {
        captured out(format);
        out.log.write(log_level::info, "event", {{"name", "a\nforged\x1b[31m\xe2\x80\xae"}});
        ASSERT_EQ(out.lines.size(), 1U);
        EXPECT_THAT(out.lines[0], Not(HasSubstr("\n")));
        EXPECT_THAT(out.lines[0], Not(HasSubstr("\x1b")));
        EXPECT_THAT(out.lines[0], Not(HasSubstr("\xe2\x80\xae")));
    }
}

TEST(Logger, CutsLongFields)
{
    captured out(log_format::json);
    out.log.write(log_level::info, "event", {{"name", std::string(5000, 'x')}});
    EXPECT_LT(out.lines[0].size(), 1200U);
}

TEST(Logger, LeavesOutWhatIsBelowTheThreshold)
{
    captured out(log_format::text);
    out.log.write(log_level::debug, "detail");
    EXPECT_TRUE(out.lines.empty());
    EXPECT_FALSE(out.log.enabled(log_level::debug));
}

TEST(Logger, LimitsRepeatsOfOneMessageButNotAccessLines)
{
    captured out(log_format::text);
    for (int i = 0; i < 100; ++i) out.log.write(log_level::error, "again");
    EXPECT_EQ(out.lines.size(), static_cast<std::size_t>(logger::repeat_limit));
    out.log.write(log_level::error, "another");
    EXPECT_THAT(out.lines.back(), EndsWith("another"));
    for (int i = 0; i < 100; ++i) out.log.write_always(log_level::info, "request", {{"n", i}});
    EXPECT_EQ(out.lines.size(), static_cast<std::size_t>(logger::repeat_limit) + 101);
}

}  // namespace
}  // namespace nodescope
