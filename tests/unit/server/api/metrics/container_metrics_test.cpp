// The container_* families, against what cAdvisor itself answered of the same node.
#include "server/api/metrics/container_metrics.hpp"

#include "server/api/large_answers.hpp"
#include "tests/support/exposition.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/unit/server/api/cadvisor/cadvisor_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>

namespace nodescope::api {
namespace {

using nodescope::testing::exposed_series;
using nodescope::testing::exposition;
using nodescope::testing::fixture_devices;
using nodescope::testing::views_of_fixture;
using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

exposition metrics_of(const container_views& found, const container_metric_options& options = {},
                      std::size_t limit_bytes = large_answer_bytes)
{
    metric_families families;
    add_container_metrics(families, found, {}, options, fixture_devices(),
                          cadvisor::time_point(std::chrono::milliseconds(1'795'218'161'250)), limit_bytes);
    return exposition(families.take_text());
}

exposition metrics_of_cadvisor()
{
    std::ifstream in(testing::fixture_path("cadvisor/metrics_default.txt"));
    const std::string text(std::istreambuf_iterator<char>(in), {});
    return exposition(text);
}

/// "/" and fx-limits as they were when cAdvisor answered to /metrics.
container_views node_and_container()
{
    container_views out = views_of_fixture("v2.0_stats_root_count2");
    const container_views root_spec = views_of_fixture("v2.0_spec_root");
    out[0].spec = root_spec[0].spec;
    container_views container = views_of_fixture("v2.1_stats_fx-limits_count2");
    // v2.1 does not say where it is.
    auto share = *container[0].samples[1].filesystems;
    share[0].device = "/dev/vda";
    container[0].samples[1].filesystems = std::make_shared<const std::vector<host::filesystem_usage>>(share);
    out.push_back(container[0]);
    for (auto& one : out) {
        auto spec = *one.spec;
        if (one.name == "/") spec.limits.cpu_quota.reset();
        one.spec = std::make_shared<const cadvisor::container_spec>(spec);
    }
    return out;
}

/// What cAdvisor shows and we do not: figures that nobody measures.
bool is_left_out(const std::string& family)
{
    return family == "container_cpu_load_average_10s" || family == "container_tasks_state" ||
           family == "container_scrape_error" || !family.starts_with("container_");
}

std::set<std::string> label_names(const std::vector<exposed_series>& series)
{
    std::set<std::string> out;
    for (const exposed_series& one : series) {
        for (const auto& [name, value] : one.labels) {
            if (!name.starts_with("container_label_")) out.insert(name);
        }
    }
    return out;
}

TEST(ContainerMetrics, HaveTheFamiliesOfCadvisor)
{
    const exposition ours = metrics_of(node_and_container());
    const exposition theirs = metrics_of_cadvisor();
    for (const auto& [name, family] : theirs.families) {
        if (is_left_out(name)) continue;
        const auto found = ours.families.find(name);
        ASSERT_NE(found, ours.families.end()) << name;
        EXPECT_EQ(found->second.help, family.help) << name;
        EXPECT_EQ(found->second.type, family.type) << name;
        EXPECT_EQ(label_names(found->second.series), label_names(family.series)) << name;
    }
}

std::map<std::string, std::string> without_container_labels(const std::map<std::string, std::string>& labels)
{
    std::map<std::string, std::string> out;
    for (const auto& [name, value] : labels) {
        if (!name.starts_with("container_label_")) out.emplace(name, value);
    }
    return out;
}

const exposed_series* find_series(const exposition& in, const std::string& family, const exposed_series& like)
{
    const auto found = in.families.find(family);
    if (found == in.families.end()) return nullptr;
    for (const exposed_series& one : found->second.series) {
        if (without_container_labels(one.labels) == without_container_labels(like.labels)) return &one;
    }
    return nullptr;
}

TEST(ContainerMetrics, HaveNoTimesUnlessAskedForAndNoLabelForRestarts)
{
    container_views views = node_and_container();
    const auto spec = std::make_shared<cadvisor::container_spec>(*views.back().spec);
    spec->restarts = 3;
    views.back().spec = spec;
    const exposition got = metrics_of(views);
    const auto& series = got.families.at("container_restarts").series;
    ASSERT_EQ(series.size(), 1U);
    EXPECT_EQ(series.front().value, 3);
    for (const auto& [name, family] : got.families) {
        for (const exposed_series& one : family.series) {
            EXPECT_FALSE(one.timestamp_ms) << name;
            EXPECT_FALSE(one.labels.contains("container_label_restartcount")) << name;
        }
    }
}

TEST(ContainerMetrics, CpuTimeOfAllProcessorsIsOneSeriesWhereAskedFor)
{
    container_views views = node_and_container();
    for (auto& view : views) {
        auto cpu = *view.samples.back().cpu;
        cpu.total = 5'000'000'000;
        cpu.per_cpu = {2'000'000'000, 3'000'000'000};
        view.samples.back().cpu = std::make_shared<const host::cpu_usage>(cpu);
    }
    container_metric_options options;
    options.processors_together = true;
    std::set<std::string> processors;
    const exposition got = metrics_of(views, options);
    for (const auto& one : got.families.at("container_cpu_usage_seconds_total").series) {
        processors.insert(one.labels.at("cpu"));
        EXPECT_EQ(one.value, 5);
    }
    EXPECT_EQ(processors, std::set<std::string>{"total"});
}

TEST(ContainerMetrics, HaveTheValuesOfCadvisor)
{
    container_metric_options options;
    options.timestamps = true;
    const exposition ours = metrics_of(node_and_container(), options);
    std::size_t compared = 0;
    for (const auto& [name, family] : metrics_of_cadvisor().families) {
        if (is_left_out(name) || name == "container_last_seen") continue;
        for (const exposed_series& one : family.series) {
            // The sample of fx-limits is another one than that of the answer to stats.
            if (one.labels.at("id") != "/") continue;
            const exposed_series* const same = find_series(ours, name, one);
            ASSERT_NE(same, nullptr) << name;
            // cAdvisor divides milliseconds by 10^9 (docs/cadvisor.md, "Metrics").
            const bool of_disk_time = name.starts_with("container_fs_") && name.ends_with("seconds_total");
            EXPECT_NEAR(same->value, of_disk_time ? one.value * 1e6 : one.value, 1e-6 + one.value * 1e-12) << name;
            EXPECT_EQ(same->timestamp_ms, one.timestamp_ms) << name;
            ++compared;
        }
    }
    EXPECT_GT(compared, 120U);
}

TEST(ContainerMetrics, PutEveryLabelOnEverySeries)
{
    const exposition got = metrics_of(node_and_container());
    for (const auto& [name, family] : got.families) {
        if (name == "nodescope_scrape_left_out") continue;
        for (const exposed_series& one : family.series) {
            const bool of_root = one.labels.at("id") == "/";
            EXPECT_EQ(one.labels.at("container_label_app"), of_root ? "" : "web") << name;
            EXPECT_EQ(one.labels.at("container_label_com_example_tier"), of_root ? "" : "backend");
            EXPECT_EQ(one.labels.at("name"), of_root ? "" : "fx-limits");
            EXPECT_EQ(one.labels.at("image"), of_root ? "" : "busybox:local");
        }
    }
}

std::map<std::string, std::string> labels_of_container(const container_metric_options& options, std::size_t which)
{
    return metrics_of(node_and_container(), options).families.at("container_memory_rss").series.at(which).labels;
}

TEST(ContainerMetrics, LeaveOutLabelsWhenToldTo)
{
    container_metric_options options;
    options.labels = label_choice::own;
    EXPECT_THAT(labels_of_container(options, 0), UnorderedElementsAre(Key("id"), Key("image"), Key("name")));
    EXPECT_THAT(labels_of_container(options, 1), Contains(Pair("container_label_app", "web")));
    options.labels = label_choice::none;
    EXPECT_THAT(labels_of_container(options, 1), UnorderedElementsAre(Key("id"), Key("image"), Key("name")));
    options.wanted_labels = {"com.example.tier", "missing"};
    EXPECT_THAT(labels_of_container(options, 1), Contains(Pair("container_label_com_example_tier", "backend")));
    EXPECT_THAT(labels_of_container(options, 1), Not(Contains(Key("container_label_app"))));
    EXPECT_THAT(labels_of_container(options, 0), Contains(Pair("container_label_com_example_tier", "")));
}

cadvisor::container_view container_with(const cadvisor::container_spec& spec)
{
    cadvisor::container_view out;
    out.name = "/x";
    out.spec = std::make_shared<const cadvisor::container_spec>(spec);
    return out;
}

TEST(ContainerMetrics, KeepTheFirstOfLabelsThatBecomeTheSame)
{
    cadvisor::container_spec spec;
    spec.creation_time = cadvisor::time_point(std::chrono::seconds(5));
    spec.labels = {{"a.b", "2"}, {"a-b", "1"}, {"a_b", "3"}, {"\xff\"\n", "v\xff\"\\\n"}, {"", "empty"}};
    spec.envs = {{"path", "/bin"}};
    const auto got = metrics_of({container_with(spec)}).families.at("container_start_time_seconds").series.at(0);
    EXPECT_EQ(got.labels.at("container_label_a_b"), "1");
    EXPECT_EQ(got.labels.at("container_label____"), "v\xef\xbf\xbd\"\\\n");
    EXPECT_EQ(got.labels.at("container_label_"), "empty");
    EXPECT_EQ(got.labels.at("container_env_path"), "/bin");
    EXPECT_EQ(got.value, 5);
    EXPECT_FALSE(got.timestamp_ms);
}

TEST(ContainerMetrics, ShowTheSpecAloneWithoutASample)
{
    cadvisor::container_spec spec;
    spec.start_time = cadvisor::time_point(std::chrono::seconds(7));
    spec.limits.has_memory = true;
    spec.limits.memory_limit = host::cgroup_limits::unlimited;
    spec.limits.swap_limit = std::uint64_t{1} << 62U;
    const exposition got = metrics_of({container_with(spec)});
    EXPECT_THAT(got.families,
                UnorderedElementsAre(Key("container_start_time_seconds"), Key("container_spec_memory_limit_bytes"),
                                     Key("container_spec_memory_reservation_limit_bytes"),
                                     Key("container_spec_memory_swap_limit_bytes"), Key("nodescope_scrape_left_out")));
    EXPECT_EQ(got.families.at("container_spec_memory_limit_bytes").series[0].value, 0);
    EXPECT_EQ(got.families.at("container_spec_memory_swap_limit_bytes").series[0].value, 4611686018427387904.0);
    EXPECT_EQ(metrics_of({}).families.size(), 1U);
}

TEST(ContainerMetrics, LeaveOutLabelsThatThereIsNoRoomFor)
{
    container_views many;
    for (int i = 0; i < 4; ++i) {
        cadvisor::container_spec spec;
        spec.labels = {{"tier", "web"}, {"number", std::to_string(i)}};
        // An image may carry labels of any size.
        if (i == 2) spec.labels["big"] = std::string(600U << 10U, 'x');
        if (i == 3) {
            for (int label = 0; label < 20'000; ++label) spec.labels["l" + std::to_string(label)] = "v";
        }
        many.push_back(container_with(spec));
        many.back().samples.emplace_back();
    }
    constexpr std::size_t limit_bytes = 1U << 20U;
    const exposition got = metrics_of(many, {}, limit_bytes);
    const auto& series = got.families.at("container_last_seen").series;
    ASSERT_EQ(series.size(), 4U);
    std::size_t bytes = 0;
    for (const exposed_series& one : series) {
        EXPECT_EQ(one.labels.at("container_label_tier"), "web");
        EXPECT_THAT(one.labels, Contains(Key("container_label_number")));
        EXPECT_THAT(one.labels, Not(Contains(Key("container_label_big"))));
        for (const auto& [name, value] : one.labels) bytes += name.size() + value.size();
    }
    EXPECT_LT(bytes, limit_bytes);
    EXPECT_GT(got.families.at("nodescope_container_labels_left_out").series[0].value, 1);
    EXPECT_THAT(metrics_of({many[0], many[1]}).families, Not(Contains(Key("nodescope_container_labels_left_out"))));
}

TEST(ContainerMetrics, KeepToTheirBytesAndShowWhatTheRuntimeKnowsFirst)
{
    container_views many;
    for (int i = 0; i < 300; ++i) {
        cadvisor::container_spec spec;
        if (i % 100 == 0) spec.name_space = "docker";
        many.push_back(container_with(spec));
        many.back().name = "/" + std::to_string(i) + std::string(i % 100 == 0 ? 60 : 1000, 'x');
        many.back().samples.emplace_back().timestamp = cadvisor::time_point(std::chrono::seconds(1));
    }
    constexpr std::size_t limit_bytes = 1U << 20U;
    metric_families families;
    add_container_metrics(families, many, {}, {}, fixture_devices(), cadvisor::time_point(), limit_bytes);
    const std::string text = families.take_text();
    EXPECT_LT(text.size(), limit_bytes);
    const exposition got(text);
    const auto& series = got.families.at("container_last_seen").series;
    EXPECT_EQ(
        std::count_if(series.begin(), series.end(), [](const auto& one) { return one.labels.at("id").size() < 100; }),
        3);
    const auto& left_out = got.families.at("nodescope_scrape_left_out").series;
    ASSERT_EQ(left_out[0].labels.at("what"), "containers");
    EXPECT_EQ(left_out[0].value, 300 - static_cast<double>(series.size()));
    EXPECT_GT(left_out[0].value, 0);
    EXPECT_EQ(metrics_of({many[0]}).families.at("nodescope_scrape_left_out").series[0].value, 0);
}

TEST(ContainerMetrics, ALabelCostsAsMuchAsAllTheSeriesThatItStandsIn)
{
    cadvisor::container_spec spec;
    spec.labels = {{"big", std::string(60'000, 'x')}, {"app", "web"}};
    cadvisor::container_view one = container_with(spec);
    host::network_usage network;
    for (int i = 0; i < 302; ++i) network.interfaces.emplace_back().name = "dummy" + std::to_string(i);
    network.interfaces_left_out = 7;
    one.samples.emplace_back().network = std::make_shared<const host::network_usage>(network);
    metric_families families;
    add_container_metrics(families, {one}, {}, {}, fixture_devices(), cadvisor::time_point(), large_answer_bytes);
    const std::string text = families.take_text();
    EXPECT_LT(text.size(), 1U << 20U);
    const exposition got(text);
    EXPECT_EQ(got.families.at("container_network_receive_bytes_total").series.size(), 302U);
    EXPECT_EQ(got.families.at("nodescope_container_labels_left_out").series[0].value, 1);
    EXPECT_EQ(got.families.at("nodescope_scrape_left_out").series[2].value, 7);
}

cadvisor::container_view container_of_pod(const std::string& pod, const std::string& container)
{
    cadvisor::container_spec spec;
    spec.creation_time = cadvisor::time_point(std::chrono::seconds(5));
    spec.aliases = {"the-name", "the-id"};
    spec.image = "web:1";
    // What an image or a pod's author writes there is nobody's place in the cluster.
    spec.labels = {{"io.kubernetes.pod.name", "forged"}, {"pod", "forged"}, {"app", "web"}};
    cadvisor::container_view one = container_with(spec);
    one.is_container = true;
    pod_of_container its;
    its.name = pod;
    its.name_space = "shop";
    its.container = container;
    one.pod = std::make_shared<const pod_of_container>(its);
    return one;
}

TEST(ContainerMetrics, HaveTheLabelsOfTheKubelet)
{
    container_metric_options options;
    options.labels = label_choice::kubernetes;
    container_views found{container_of_pod("web", "app"), container_of_pod("web", "POD"),
                          container_with(cadvisor::container_spec())};
    found[1].is_container = false;  // the cgroup of the pod itself
    cadvisor::container_spec plain;
    plain.creation_time = cadvisor::time_point(std::chrono::seconds(5));
    found[2].spec = std::make_shared<const cadvisor::container_spec>(plain);
    const auto got = metrics_of(found, options);
    const auto& series = got.families.at("container_start_time_seconds").series;
    EXPECT_THAT(series.at(0).labels,
                UnorderedElementsAre(Pair("id", "/x"), Pair("name", "the-name"), Pair("image", "web:1"),
                                     Pair("pod", "web"), Pair("namespace", "shop"), Pair("container", "app")));
    EXPECT_EQ(series.at(1).labels.at("container"), "") << "no container of it";
    EXPECT_EQ(series.at(1).labels.at("pod"), "web");
    EXPECT_THAT(series.at(2).labels,
                UnorderedElementsAre(Pair("id", "/x"), Pair("name", ""), Pair("image", ""), Pair("pod", ""),
                                     Pair("namespace", ""), Pair("container", "")));
    options.wanted_labels = {"app"};
    const auto more = metrics_of(found, options);
    EXPECT_EQ(more.families.at("container_start_time_seconds").series.at(2).labels.at("container_label_app"), "");
}

TEST(ContainerMetrics, BoundAndEscapeWhatAPodIsCalled)
{
    container_metric_options options;
    options.labels = label_choice::kubernetes;
    const std::string hostile = "a\xff\"} evil 1\n\\";
    const auto got = metrics_of({container_of_pod(hostile, hostile)}, options);
    EXPECT_THAT(got.families, Not(Contains(Key("evil"))));
    const auto& labels = got.families.at("container_start_time_seconds").series.at(0).labels;
    EXPECT_EQ(labels.at("pod"), "a\xef\xbf\xbd\"} evil 1\n\\");
    EXPECT_EQ(labels.at("container"), labels.at("pod"));

    container_views many;
    for (int i = 0; i < 100; ++i) {
        many.push_back(container_of_pod(std::string(4096, '"'), "app"));
        many.back().name = "/" + std::to_string(i);
        many.back().samples.emplace_back().timestamp = cadvisor::time_point(std::chrono::seconds(1));
    }
    constexpr std::size_t limit_bytes = 1U << 20U;
    metric_families families;
    add_container_metrics(families, many, {}, options, fixture_devices(), cadvisor::time_point(), limit_bytes);
    const std::string text = families.take_text();
    EXPECT_LT(text.size(), limit_bytes);
    EXPECT_GT(exposition(text).families.at("nodescope_scrape_left_out").series[0].value, 0);
}

}  // namespace
}  // namespace nodescope::api
