// What became of containers, as series.
#include "server/api/large_answers.hpp"
#include "server/api/metrics/container_metrics.hpp"
#include "tests/support/exposition.hpp"
#include "tests/unit/server/api/cadvisor/cadvisor_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace nodescope::api {
namespace {

using nodescope::testing::exposition;
using nodescope::testing::fixture_devices;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(ContainerEndMetrics, TellWhatBecameOfThoseThatHaveEnded)
{
    cadvisor::container_spec spec;
    spec.restarts = 4;
    cadvisor::container_view again;
    again.spec = std::make_shared<const cadvisor::container_spec>(spec);
    again.name = "/docker/again";
    again.samples.emplace_back().timestamp = cadvisor::time_point(std::chrono::seconds(1));
    cadvisor::ended_container of_pod;
    of_pod.path = "/kubepods/gone";
    of_pod.name = "k8s_web";
    of_pod.image = "web:1";
    of_pod.pod.name = "shop";
    of_pod.pod.name_space = "default";
    of_pod.pod.container = "w\"eb";
    of_pod.finished = cadvisor::time_point(std::chrono::seconds(90));
    of_pod.exit_code = 137;
    of_pod.killed_for_memory = true;
    of_pod.restarts = 2;
    cadvisor::ended_container restarted;
    restarted.path = again.name;
    cadvisor::ended_list ended{std::make_shared<const cadvisor::ended_container>(of_pod),
                               std::make_shared<const cadvisor::ended_container>(restarted)};
    metric_families families;
    add_container_metrics(families, {again}, ended, {}, fixture_devices(), cadvisor::time_point(), large_answer_bytes);
    const exposition got(families.take_text());
    const auto& codes = got.families.at("container_last_exit_code").series;
    ASSERT_EQ(codes.size(), 1U) << "of the other one nobody knows it";
    EXPECT_EQ(codes[0].value, 137);
    EXPECT_THAT(codes[0].labels,
                UnorderedElementsAre(Pair("id", "/kubepods/gone"), Pair("name", "k8s_web"), Pair("image", "web:1"),
                                     Pair("namespace", "default"), Pair("pod", "shop"), Pair("container", "w\"eb")));
    const auto& killed = got.families.at("container_oom_killed").series;
    ASSERT_EQ(killed.size(), 2U);
    EXPECT_EQ(killed[0].value, 1);
    EXPECT_EQ(killed[1].value, 0);
    EXPECT_EQ(got.families.at("container_finished_time_seconds").series.at(0).value, 90);
    const auto& restarts = got.families.at("container_restarts").series;
    ASSERT_EQ(restarts.size(), 2U) << "once each, also of the one that is there again";
    EXPECT_EQ(restarts[0].value, 4);
    EXPECT_EQ(restarts[1].value, 2);
    container_metric_options options;
    options.chosen = series_choice({}, {"ends"});
    metric_families without;
    add_container_metrics(without, {again}, ended, options, fixture_devices(), cadvisor::time_point(),
                          large_answer_bytes);
    EXPECT_FALSE(exposition(without.take_text()).families.contains("container_oom_killed"));
}

cadvisor::container_view pod_with_volumes()
{
    cadvisor::container_view pod;
    pod.name = "/kubepods/podu";
    pod.spec = std::make_shared<const cadvisor::container_spec>();
    pod.samples.emplace_back();
    pod_of_container whose;
    whose.name = "shop";
    whose.name_space = "default";
    pod.pod = std::make_shared<const pod_of_container>(whose);
    host::filesystem_usage cache;
    cache.device = "cache";
    cache.type = "empty-dir";
    cache.usage = 7;
    cache.capacity = 100;
    cache.has_inodes = true;
    cache.inodes = 3;
    host::filesystem_usage data;
    data.device = "data";
    data.type = "csi";
    data.usage = 8;
    pod.volumes = std::make_shared<const std::vector<host::filesystem_usage>>(std::vector{cache, data});
    return pod;
}

TEST(PodVolumeMetrics, AreByPodAndVolume)
{
    metric_families families;
    add_container_metrics(families, {pod_with_volumes()}, {}, {}, fixture_devices(), cadvisor::time_point(),
                          large_answer_bytes);
    const exposition got(families.take_text());
    const auto& used = got.families.at("pod_volume_used_bytes").series;
    ASSERT_EQ(used.size(), 2U);
    EXPECT_THAT(used[0].labels, UnorderedElementsAre(Pair("namespace", "default"), Pair("pod", "shop"),
                                                     Pair("volume", "cache"), Pair("kind", "empty-dir")));
    EXPECT_EQ(used[0].value, 7);
    EXPECT_EQ(got.families.at("pod_volume_capacity_bytes").series.at(0).value, 100);
    ASSERT_EQ(got.families.at("pod_volume_inodes_used").series.size(), 1U) << "the other filesystem has none";
    EXPECT_EQ(got.families.at("pod_volume_inodes_used").series[0].value, 3);
    container_metric_options options;
    options.chosen = series_choice({}, {"disk"});
    metric_families without;
    add_container_metrics(without, {pod_with_volumes()}, {}, options, fixture_devices(), cadvisor::time_point(),
                          large_answer_bytes);
    EXPECT_FALSE(exposition(without.take_text()).families.contains("pod_volume_used_bytes"));
}

TEST(ApplicationSeries, HaveTheContainersLabelsAndTheirOwnAndNoNameOfOurs)
{
    cadvisor::container_view one;
    one.name = "/docker/x";
    one.spec = std::make_shared<const cadvisor::container_spec>();
    one.samples.emplace_back();
    applications::figures said;
    for (const char* name : {"jobs.total", "container_memory_rss", "up", "nodescope_x", "pod_volume_used_bytes"}) {
        applications::metric_value& value = said.values.emplace_back();
        value.name = name;
        value.is_prometheus = true;
        value.labels = {{"queue-name", "a\"b"}, {"id", "/forged"}};
        value.real = 3;
    }
    one.application = std::make_shared<const applications::figures>(said);
    metric_families families;
    add_container_metrics(families, {one}, {}, {}, fixture_devices(), cadvisor::time_point(), large_answer_bytes);
    const exposition got(families.take_text());
    const auto& series = got.families.at("jobs_total").series;
    ASSERT_EQ(series.size(), 1U);
    EXPECT_EQ(series[0].value, 3);
    EXPECT_EQ(series[0].labels.at("id"), "/docker/x");
    EXPECT_EQ(series[0].labels.at("app_id"), "/forged");
    EXPECT_EQ(series[0].labels.at("app_queue_name"), "a\"b");
    EXPECT_FALSE(got.families.contains("up"));
    EXPECT_FALSE(got.families.contains("nodescope_x"));
    EXPECT_FALSE(got.families.contains("container_memory_rss"));
    EXPECT_FALSE(got.families.contains("pod_volume_used_bytes"));
    const auto& left_out = got.families.at("nodescope_scrape_left_out").series;
    EXPECT_EQ(left_out.at(1).value, 4) << left_out.at(1).labels.at("what");
}

}  // namespace
}  // namespace nodescope::api
