// The families of what a container uses: which of them there are, and in which units.
#include "server/api/large_answers.hpp"
#include "server/api/metrics/container_metrics.hpp"
#include "tests/support/exposition.hpp"
#include "tests/unit/server/api/cadvisor/cadvisor_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::api {
namespace {

using nodescope::testing::exposition;
using nodescope::testing::fixture_devices;
using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;

exposition usage_metrics_of(const container_views& found, const container_metric_options& options)
{
    metric_families families;
    add_container_metrics(families, found, {}, options, fixture_devices(),
                          cadvisor::time_point(std::chrono::seconds(7)), large_answer_bytes);
    return exposition(families.take_text());
}

exposition usage_metrics_of(const container_views& found, label_choice labels = label_choice::all)
{
    container_metric_options options;
    options.labels = labels;
    return usage_metrics_of(found, options);
}

cadvisor::container_view one_container()
{
    cadvisor::container_view out;
    out.name = "/x";
    out.spec = std::make_shared<const cadvisor::container_spec>();
    return out;
}

TEST(ContainerUsageMetrics, CountWhatBecameOfMemoryAndSwapWhereTheKernelCounts)
{
    cadvisor::container_view one = one_container();
    cadvisor::sample& sample = one.samples.emplace_back();
    host::memory_usage memory;
    sample.memory = std::make_shared<const host::memory_usage>(memory);
    const exposition without = usage_metrics_of({one});
    EXPECT_FALSE(without.families.contains("container_memory_events_oom_kill_total"));
    EXPECT_FALSE(without.families.contains("container_memory_swap_events_fail_total"));
    memory.has_events = true;
    memory.low_events = 1;
    memory.oom_events = 2;
    memory.oom_kill_events = 3;
    memory.oom_group_kill_events = 4;
    memory.has_swap_events = true;
    memory.swap_high_events = 5;
    memory.swap_max_events = 6;
    memory.swap_fail_events = 7;
    sample.memory = std::make_shared<const host::memory_usage>(memory);
    const exposition got = usage_metrics_of({one});
    const auto value = [&](const std::string& what) {
        return got.families.at("container_memory_" + what + "_total").series.at(0).value;
    };
    EXPECT_EQ(value("events_low"), 1);
    EXPECT_EQ(value("events_oom"), 2);
    EXPECT_EQ(value("events_oom_kill"), 3);
    EXPECT_EQ(value("events_oom_group_kill"), 4);
    EXPECT_EQ(value("swap_events_high"), 5);
    EXPECT_EQ(value("swap_events_max"), 6);
    EXPECT_EQ(value("swap_events_fail"), 7);
}

TEST(ContainerUsageMetrics, AreThoseOfTheChosenGroups)
{
    cadvisor::container_view one = one_container();
    cadvisor::sample& sample = one.samples.emplace_back();
    one.oom_events = 1;
    host::cpu_usage cpu;
    cpu.total = 3'000'000'000;
    cpu.per_cpu = {1'000'000'000, 2'000'000'000};
    sample.cpu = std::make_shared<const host::cpu_usage>(cpu);
    sample.memory = std::make_shared<const host::memory_usage>();
    sample.pressures = std::make_shared<const host::pressures>();
    host::network_usage network;
    network.interfaces.emplace_back().name = "eth0";
    network.interfaces.emplace_back().name = "net1";
    network.sockets_counted = true;
    sample.network = std::make_shared<const host::network_usage>(network);
    host::process_usage processes;
    processes.process_count = 2;
    sample.processes = std::make_shared<const host::process_usage>(processes);
    host::filesystem_usage filesystem;
    filesystem.device = "/dev/vda";
    sample.filesystems = std::make_shared<const std::vector<host::filesystem_usage>>(1, filesystem);
    host::io_entry read;
    read.set(host::io_operation::read, 1);
    sample.io = std::make_shared<const host::io_usage>(1, read);
    const std::vector<std::pair<std::string, std::string>> family_of_group{
        {"cpu", "container_cpu_usage_seconds_total"},
        {"memory", "container_memory_rss"},
        {"network", "container_network_receive_bytes_total"},
        {"tcp", "container_network_tcp_usage_total"},
        {"udp", "container_network_udp_usage_total"},
        {"disk", "container_fs_usage_bytes"},
        {"diskIO", "container_fs_reads_bytes_total"},
        {"process", "container_processes"},
        {"pressure", "container_pressure_cpu_waiting_seconds_total"},
        {"oom_event", "container_oom_events_total"},
    };
    const exposition all = usage_metrics_of({one});
    for (const auto& [group, family] : family_of_group) {
        ASSERT_TRUE(all.families.contains(family)) << family;
        container_metric_options options;
        options.chosen = series_choice({}, {group});
        EXPECT_FALSE(usage_metrics_of({one}, options).families.contains(family)) << group;
        options.chosen = series_choice({group}, {});
        const exposition alone = usage_metrics_of({one}, options);
        for (const auto& [other, others] : family_of_group) {
            EXPECT_EQ(alone.families.contains(others), other == group) << group << " shows " << others;
        }
        EXPECT_TRUE(alone.families.contains("container_last_seen"));
    }
    container_metric_options options;
    options.chosen = series_choice({}, {"percpu"});
    options.chosen.interfaces_left_out = {"net*"};
    options.chosen.devices_left_out = {"/dev/v*"};
    const exposition fewer = usage_metrics_of({one}, options);
    EXPECT_EQ(all.families.at("container_cpu_usage_seconds_total").series.size(), 2U);
    EXPECT_EQ(fewer.families.at("container_cpu_usage_seconds_total").series.size(), 1U);
    EXPECT_EQ(fewer.families.at("container_network_receive_bytes_total").series.size(), 1U);
    EXPECT_FALSE(fewer.families.contains("container_fs_usage_bytes"));
    options.chosen.containers_left_out = {"/x"};
    EXPECT_FALSE(usage_metrics_of({one}, options).families.contains("container_last_seen"));
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
    network.sockets_counted = true;
    sample.network = std::make_shared<const host::network_usage>(network);
    host::process_usage processes;
    processes.process_count = 2;
    sample.processes = std::make_shared<const host::process_usage>(processes);
    const exposition got = usage_metrics_of({one});
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
    EXPECT_EQ(value("container_network_tcp6_usage_total", 9), 0) << "counted, and there are none";
    for (const char* const family :
         {"container_file_descriptors", "container_memory_rss", "container_cpu_cfs_periods_total"}) {
        EXPECT_THAT(got.families, Not(Contains(Key(family))));
    }
    network.sockets_counted = false;
    sample.network = std::make_shared<const host::network_usage>(network);
    EXPECT_THAT(usage_metrics_of({one}).families, Not(Contains(Key("container_network_tcp_usage_total"))));
}

TEST(ContainerUsageMetrics, HaveAllProcessorsTogetherAsTheKubelet)
{
    cadvisor::container_view one = one_container();
    host::cpu_usage cpu;
    cpu.total = 3'000'000'000;
    cpu.per_cpu = {1'000'000'000, 2'000'000'000};
    one.samples.emplace_back().cpu = std::make_shared<const host::cpu_usage>(cpu);
    const auto series_of = [&one](label_choice labels) {
        return usage_metrics_of({one}, labels).families.at("container_cpu_usage_seconds_total").series;
    };
    const auto together = series_of(label_choice::kubernetes);
    ASSERT_EQ(together.size(), 1U);
    EXPECT_EQ(together[0].labels.at("cpu"), "total");
    EXPECT_EQ(together[0].value, 3);
    EXPECT_EQ(series_of(label_choice::all).size(), 2U);
}

}  // namespace
}  // namespace nodescope::api
