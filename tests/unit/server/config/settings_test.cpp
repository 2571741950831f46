// The flags of the sampler and of what /metrics shows: values, ranges, and what is said of a wrong one.
#include "tests/unit/server/config/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace nodescope {
namespace {

using namespace std::chrono_literals;
using nodescope::testing::parsed;
using nodescope::testing::refused;
using nodescope::testing::words;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string refusal(const words& arguments)
{
    const cli::early_exit left = refused(arguments);
    EXPECT_EQ(left.code, 1) << left.text;
    return left.text;
}

TEST(SamplingFlags, HaveDefaults)
{
    const auto config = parsed({});
    EXPECT_EQ(config.sample_interval, 1s);
    EXPECT_EQ(config.sample_idle, 2min);
    EXPECT_EQ(config.max_events, 10'000U);
    EXPECT_THAT(config.container_env, IsEmpty());
    EXPECT_EQ(config.metrics_containers, "all");
    EXPECT_EQ(config.metrics_container_labels, "all");
    EXPECT_THAT(config.metrics_labels, IsEmpty());
}

TEST(SamplingFlags, SampleIntervalHasBounds)
{
    EXPECT_EQ(parsed({"--sample-interval", "250ms"}).sample_interval, 250ms);
    EXPECT_EQ(parsed({"--sample-interval", "1m"}).sample_interval, 1min);
    for (const char* const wrong : {"249ms", "1ms", "61s", "2m", "24h"}) {
        EXPECT_THAT(refusal({"--sample-interval", wrong}), StartsWith("--sample-interval: from 250ms to 1m")) << wrong;
    }
    for (const char* const wrong : {"1", "-1s", "soon", "0s", "25h", "1s "}) {
        EXPECT_THAT(refusal({"--sample-interval", wrong}), StartsWith("--sample-interval: ")) << wrong;
    }
}

TEST(SamplingFlags, SampleIdleIsADurationOrAlways)
{
    EXPECT_EQ(parsed({"--sample-idle", "1ms"}).sample_idle, 1ms);
    EXPECT_EQ(parsed({"--sample-idle", "24h"}).sample_idle, 24h);
    EXPECT_EQ(parsed({"--sample-idle", "always"}).sample_idle, std::nullopt);
    EXPECT_EQ(parsed({}, {"NODESCOPE_SAMPLE_IDLE=always"}).sample_idle, std::nullopt);
    EXPECT_EQ(parsed({"--sample-idle", "5s"}, {"NODESCOPE_SAMPLE_IDLE=always"}).sample_idle, 5s);
    for (const char* const wrong : {"Always", "never", "0", "-5s", "25h"}) {
        EXPECT_THAT(refusal({"--sample-idle", wrong}), StartsWith("--sample-idle: ")) << wrong;
        EXPECT_THAT(refusal({"--sample-idle", wrong}), HasSubstr(", or always")) << wrong;
    }
}

TEST(SamplingFlags, DiskUsageIsAskedForOrNever)
{
    EXPECT_EQ(parsed({}).disk_usage, "asked");
    EXPECT_EQ(parsed({}).limits.disk_usage, 1min);
    EXPECT_EQ(parsed({"--disk-usage", "never"}).disk_usage, "never");
    EXPECT_EQ(parsed({}, {"NODESCOPE_TIMEOUT_DISK_USAGE=5s"}).limits.disk_usage, 5s);
    for (const char* const wrong : {"always", "Never", ""}) {
        EXPECT_THAT(refusal({"--disk-usage", wrong}), StartsWith("--disk-usage: ")) << wrong;
    }
}

TEST(SamplingFlags, ContainerEnvIsAList)
{
    EXPECT_THAT(parsed({"--container-env", "A", "--container-env", "B,C"}).container_env, ElementsAre("A", "B", "C"));
    EXPECT_THAT(parsed({}, {"NODESCOPE_CONTAINER_ENV=A,B"}).container_env, ElementsAre("A", "B"));
}

TEST(SamplingFlags, MaxEventsHasBounds)
{
    EXPECT_EQ(parsed({"--max-events", "1"}).max_events, 1U);
    EXPECT_EQ(parsed({"--max-events", "1000000"}).max_events, 1'000'000U);
    for (const char* const wrong : {"0", "-1", "1000001", "many", "1.5"}) {
        EXPECT_THAT(refusal({"--max-events", wrong}), StartsWith("--max-events: ")) << wrong;
    }
}

TEST(MetricsFlags, ChooseContainersAndLabels)
{
    for (const char* const choice : {"all", "runtime", "none"}) {
        EXPECT_EQ(parsed({"--metrics-containers", choice}).metrics_containers, choice);
    }
    for (const char* const choice : {"all", "own", "none", "kubernetes"}) {
        EXPECT_EQ(parsed({"--metrics-container-labels", choice}).metrics_container_labels, choice);
    }
    for (const char* const wrong : {"own", "None", "", "all,none"}) {
        EXPECT_THAT(refusal({"--metrics-containers", wrong}), StartsWith("--metrics-containers: ")) << wrong;
    }
    for (const char* const wrong : {"runtime", "ALL", ""}) {
        EXPECT_THAT(refusal({"--metrics-container-labels", wrong}), StartsWith("--metrics-container-labels: "))
            << wrong;
    }
}

TEST(MetricsFlags, KeepLabels)
{
    EXPECT_THAT(parsed({"--metrics-label", "io.kubernetes.pod.name,a", "--metrics-label", "b"}).metrics_labels,
                ElementsAre("io.kubernetes.pod.name", "a", "b"));
}

}  // namespace
}  // namespace nodescope
