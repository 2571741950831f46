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

TEST(Logger, BeginsEachLineWithTheTimeInMilliseconds)
{
    captured out(log_format::json);
    out.log.write(log_level::info, "event");
    out.log.write(log_level::info, "event", {{"text", "a \"b\""}});
    ASSERT_EQ(out.lines.size(), 2U);
    const std::string begin = R"(\{"time":"[0-9]+-[0-9][0-9]-[0-9][0-9]T[0-9:]+\.[0-9][0-9][0-9]Z","level":"info",)";
    EXPECT_THAT(out.lines[0], ::testing::MatchesRegex(begin + R"("message":"event"\})"));
    EXPECT_THAT(out.lines[1], ::testing::MatchesRegex(begin + R"("message":"event","text":"a \\"b\\""\})"));
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

TEST(Logger, HoldsAccessLinesUntilTheFlushItAsksFor)
{
    captured out(log_format::json);
    int asked = 0;
    out.log.hold([&] { ++asked; });
    out.log.write_always(log_level::info, "request", {{"n", 1}});
    out.log.write_always(log_level::info, "request", {{"n", 2}});
    EXPECT_EQ(asked, 1);
    EXPECT_TRUE(out.lines.empty());
    out.log.flush();
    ASSERT_EQ(out.lines.size(), 1U);
    EXPECT_THAT(out.lines[0], ::testing::MatchesRegex(".*\"n\":1}\n.*\"n\":2}"));
    out.log.flush();
    EXPECT_EQ(out.lines.size(), 1U);
    out.log.write_always(log_level::info, "request", {{"n", 3}});
    EXPECT_EQ(asked, 2);
}

TEST(Logger, OtherLinesDoNotOvertakeHeldOnes)
{
    captured out(log_format::json);
    out.log.hold([] {});
    out.log.write_always(log_level::info, "request", {});
    out.log.write(log_level::warning, "event");
    ASSERT_EQ(out.lines.size(), 2U);
    EXPECT_THAT(out.lines[0], HasSubstr("request"));
    EXPECT_THAT(out.lines[1], HasSubstr("event"));
}

TEST(Logger, HoldsNoMoreThanItsLimitAndLosesNothingAtTheEnd)
{
    std::vector<std::string> lines;
    {
        logger log(log_level::info, log_format::json, [&](std::string_view line) { lines.emplace_back(line); });
        log.hold([] {});
        for (std::size_t held = 0; held <= logger::held_limit; held += 100) {
            log.write_always(log_level::info, "request", {{"text", std::string(100, 'x')}});
        }
        EXPECT_GE(lines.size(), 1U);
        log.write_always(log_level::info, "last", {});
    }
    EXPECT_THAT(lines.back(), HasSubstr("last"));
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
