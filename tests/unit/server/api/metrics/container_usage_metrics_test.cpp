// The families of what a container uses: which of them there are, and in which units.
#include "server/api/large_answers.hpp"
#include "server/api/metrics/container_metrics.hpp"
#include "tests/support/exposition.hpp"
#include "tests/unit/server/api/cadvisor/cadvisor_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace nodescope::api {
namespace {

using nodescope::testing::exposition;
using nodescope::testing::fixture_devices;
using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;

exposition metrics_of(const container_views& found, label_choice labels = label_choice::all)
{
    container_metric_options options;
    options.labels = labels;
    metric_families families;
    add_container_metrics(families, found, options, fixture_devices(), cadvisor::time_point(std::chrono::seconds(7)),
                          large_answer_bytes);
    return exposition(families.take_text());
}

cadvisor::container_view one_container()
{
    cadvisor::container_view out;
    out.name = "/x";
    out.spec = std::make_shared<const cadvisor::container_spec>();
    return out;
}

TEST(ContainerUsageMetrics, ShowGroupsThatAreKnown)
{
    cadvisor::container_view one = one_container();
    cadvisor::sample& sample = one.samples.emplace_back();
    one.oom_events = 3;
    host::cpu_usage cpu;
    cpu.total = 2'500'000'000;
    sample.cpu = std::make_shared<const host::cpu_usage>(cpu);
    host::pressures pressures;
    pressures.io.full.total = 1'500'000;
    sample.pressures = std::make_shared<const host::pressures>(pressures);
    host::network_usage network;
    network.tcp.by_state[9] = 4;
    sample.network = std::make_shared<const host::network_usage>(network);
    host::process_usage processes;
    processes.process_count = 2;
    sample.processes = std::make_shared<const host::process_usage>(processes);
    const exposition got = metrics_of({one});
    const auto value = [&](const char* family, std::size_t at = 0) {
        return got.families.at(family).series.at(at).value;
    };
    EXPECT_EQ(value("container_oom_events_total"), 3);
    EXPECT_EQ(value("container_health_state"), -1);
    EXPECT_EQ(value("container_cpu_usage_seconds_total"), 2.5);
    EXPECT_EQ(got.families.at("container_cpu_usage_seconds_total").series[0].labels.at("cpu"), "total");
    EXPECT_EQ(value("container_pressure_io_stalled_seconds_total"), 1.5);
    EXPECT_EQ(value("container_pressure_io_waiting_seconds_total"), 0);
    EXPECT_EQ(value("container_network_tcp_usage_total", 9), 4);
    EXPECT_EQ(value("container_processes"), 2);
    for (const char* const family : {"container_network_tcp6_usage_total", "container_file_descriptors",
                                     "container_memory_rss", "container_cpu_cfs_periods_total"}) {
        EXPECT_THAT(got.families, Not(Contains(Key(family))));
    }
}

TEST(ContainerUsageMetrics, HaveAllProcessorsTogetherAsTheKubelet)
{
    cadvisor::container_view one = one_container();
    host::cpu_usage cpu;
    cpu.total = 3'000'000'000;
    cpu.per_cpu = {1'000'000'000, 2'000'000'000};
    one.samples.emplace_back().cpu = std::make_shared<const host::cpu_usage>(cpu);
    const auto series_of = [&one](label_choice labels) {
        return metrics_of({one}, labels).families.at("container_cpu_usage_seconds_total").series;
    };
    const auto together = series_of(label_choice::kubernetes);
    ASSERT_EQ(together.size(), 1U);
    EXPECT_EQ(together[0].labels.at("cpu"), "total");
    EXPECT_EQ(together[0].value, 3);
    EXPECT_EQ(series_of(label_choice::all).size(), 2U);
}

}  // namespace
}  // namespace nodescope::api
