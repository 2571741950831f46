#include "collectors/runtime/human_words.hpp"

#include <gtest/gtest.h>

namespace nodescope {
namespace {

using namespace std::chrono_literals;

TEST(HumanDuration, IsWordedAsDockerDoes)
{
    EXPECT_EQ(human_duration(0s), "Less than a second");
    EXPECT_EQ(human_duration(1s), "1 second");
    EXPECT_EQ(human_duration(59s), "59 seconds");
    EXPECT_EQ(human_duration(60s), "About a minute");
    EXPECT_EQ(human_duration(119s), "About a minute");
    EXPECT_EQ(human_duration(120s), "2 minutes");
    EXPECT_EQ(human_duration(3599s), "59 minutes");
    EXPECT_EQ(human_duration(1h), "About an hour");
    EXPECT_EQ(human_duration(1h + 29min), "About an hour");
    EXPECT_EQ(human_duration(1h + 30min), "2 hours");
    EXPECT_EQ(human_duration(47h), "47 hours");
    EXPECT_EQ(human_duration(48h), "2 days");
    EXPECT_EQ(human_duration(13 * 24h), "13 days");
    EXPECT_EQ(human_duration(14 * 24h), "2 weeks");
    EXPECT_EQ(human_duration(60 * 24h), "2 months");
    EXPECT_EQ(human_duration(729 * 24h), "24 months");
    EXPECT_EQ(human_duration(730 * 24h), "2 years");
}

TEST(CommandText, QuotesWhatHasBlanks)
{
    EXPECT_EQ(command_text({}), "");
    EXPECT_EQ(command_text({"/bin/sh", "-c", "exit 3"}), "/bin/sh -c 'exit 3'");
}

}  // namespace
}  // namespace nodescope
