// The service's series about itself, and those about the machine, which are cAdvisor's.
#include "server/api/metrics/service_metrics.hpp"

#include "tests/support/exposition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

using nodescope::testing::exposed_series;
using nodescope::testing::exposition;
using nodescope::testing::value;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

template <class Add>
exposition text_of(Add&& add)
{
    metric_families families;
    add(families);
    return exposition(families.take_text());
}

service_state busy_service()
{
    service_state state;
    state.connections = 3;
    state.server.in_flight = 2;
    state.server.connections_refused = 4;
    for (const char* const path : {"/x", "/x", ""}) state.server.routes.emplace_back().path = path;
    state.server.routes[0].count(200);
    state.server.routes[0].count_duration(std::chrono::microseconds(500));
    state.server.routes[1].count(503);
    state.server.routes[1].count_duration(std::chrono::minutes(1));
    state.server.routes[2].count(404);
    state.server.routes[2].count(499);
    state.server.routes[2].count(301);
    backend_statistics docker;
    docker.count(true, false);
    docker.count(false, true);
    state.backends.push_back({"docker", docker});
    state.backends.push_back({"kubernetes", backend_statistics()});
    state.worker_deadline_misses = 7;
    return state;
}

TEST(ServiceMetrics, CountRequestsByRouteAndOutcome)
{
    const exposition got = text_of([](metric_families& to) { add_service_metrics(to, busy_service()); });
    const auto requests = [&](const char* route, const char* outcome) {
        return value(got, "nodescope_http_requests_total", {{"route", route}, {"outcome", outcome}});
    };
    EXPECT_EQ(requests("/x", "answered"), 1);
    EXPECT_EQ(requests("/x", "failed"), 1);
    EXPECT_EQ(requests("/x", "refused"), 0);
    EXPECT_EQ(requests("none", "refused"), 1);
    EXPECT_EQ(requests("none", "abandoned"), 1);
    EXPECT_EQ(requests("none", "answered"), 1);
    EXPECT_EQ(value(got, "nodescope_http_requests_in_flight"), 2);
    EXPECT_EQ(value(got, "nodescope_http_connections"), 3);
    EXPECT_EQ(value(got, "nodescope_http_connections_refused_total"), 4);
    EXPECT_EQ(value(got, "nodescope_build_info", {{"version", NODESCOPE_VERSION}}), 1);
}

TEST(ServiceMetrics, ShowDurationsAsAHistogram)
{
    const exposition got = text_of([](metric_families& to) { add_service_metrics(to, busy_service()); });
    std::vector<std::pair<std::string, double>> buckets;
    double count = -1;
    double sum = -1;
    for (const exposed_series& one : got.families.at("nodescope_http_request_duration_seconds").series) {
        if (one.labels.at("route") != "/x") continue;
        if (one.name.ends_with("_count")) count = one.value;
        else if (one.name.ends_with("_sum")) sum = one.value;
        else buckets.emplace_back(one.labels.at("le"), one.value);
    }
    EXPECT_THAT(buckets,
                ElementsAre(Pair("0.0005", 1), Pair("0.001", 1), Pair("0.005", 1), Pair("0.025", 1), Pair("0.1", 1),
                            Pair("0.5", 1), Pair("2", 1), Pair("10", 1), Pair("30", 1), Pair("+Inf", 2)));
    EXPECT_EQ(count, 2);
    EXPECT_DOUBLE_EQ(sum, 60.0005);
}

TEST(ServiceMetrics, ShowBackends)
{
    const exposition got = text_of([](metric_families& to) { add_service_metrics(to, busy_service()); });
    EXPECT_EQ(value(got, "nodescope_backend_calls_total", {{"backend", "docker"}}), 2);
    EXPECT_EQ(value(got, "nodescope_backend_failures_total", {{"backend", "docker"}}), 1);
    EXPECT_EQ(value(got, "nodescope_backend_deadline_misses_total", {{"backend", "docker"}}), 1);
    EXPECT_EQ(value(got, "nodescope_backend_deadline_misses_total", {{"backend", "kernel"}}), 7);
    EXPECT_EQ(value(got, "nodescope_backend_calls_total", {{"backend", "kubernetes"}}), 0);
    // Of a backend that was never asked nobody knows.
    ASSERT_EQ(got.families.at("nodescope_backend_up").series.size(), 1U);
    EXPECT_EQ(value(got, "nodescope_backend_up", {{"backend", "docker"}}), 0);
}

TEST(ServiceMetrics, AreAsManyWhateverIsAsked)
{
    service_state state = busy_service();
    const auto lines = [&] {
        std::size_t count = 0;
        for (const auto& [name, family] :
             text_of([&](metric_families& to) { add_service_metrics(to, state); }).families) {
            count += family.series.size();
        }
        return count;
    };
    const std::size_t before = lines();
    for (unsigned status = 200; status < 600; ++status) state.server.routes[2].count(status);
    EXPECT_EQ(lines(), before);
}

TEST(ServiceMetrics, TellOfTheProcess)
{
    const exposition got = text_of(blocking_add_process_metrics);
    EXPECT_GT(value(got, "process_resident_memory_bytes"), 1e6);
    EXPECT_GT(value(got, "process_virtual_memory_bytes"), value(got, "process_resident_memory_bytes"));
    EXPECT_GE(value(got, "process_open_fds"), 3);
    EXPECT_GE(value(got, "process_max_fds"), value(got, "process_open_fds"));
    EXPECT_GE(value(got, "process_cpu_seconds_total"), 0);
    const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_LE(value(got, "process_start_time_seconds"), now + 2);
    EXPECT_GT(value(got, "process_start_time_seconds"), now - 86'400);
}

TEST(MachineMetrics, AreLabeledByTheMachine)
{
    host::node_facts node;
    node.boot_id = "b";
    node.machine_id = "m";
    node.system_uuid = "s";
    node.cores = 8;
    node.physical_cores = 4;
    node.sockets = 1;
    node.memory = 25274793984;
    node.modules["DDR4"].capacity = 17179869184;
    node.modules["DDR4"].count = 2;
    const exposition got = text_of([&](metric_families& to) { add_machine_metrics(to, node); });
    const std::map<std::string, std::string> labels{{"boot_id", "b"}, {"machine_id", "m"}, {"system_uuid", "s"}};
    EXPECT_EQ(value(got, "machine_cpu_cores", labels), 8);
    EXPECT_EQ(value(got, "machine_cpu_physical_cores", labels), 4);
    EXPECT_EQ(value(got, "machine_cpu_sockets", labels), 1);
    EXPECT_EQ(value(got, "machine_memory_bytes", labels), 25274793984.0);
    EXPECT_EQ(value(got, "machine_swap_bytes", labels), 0);
    EXPECT_EQ(got.families.at("machine_dimm_count").series.at(0).labels.at("type"), "DDR4");
    EXPECT_EQ(got.families.at("machine_dimm_capacity_bytes").series.at(0).value, 17179869184.0);
}

TEST(VersionMetric, HasTheLabelsOfCadvisor)
{
    host::node_facts node;
    node.kernel_version = "6.1\xff";
    node.os_name = "Debian \"12\"";
    cadvisor::engine_versions engine;
    engine.engine = "20.10.24";
    const exposition got = text_of([&](metric_families& to) { add_version_metric(to, node, engine, "0.1.0"); });
    EXPECT_THAT(got.families.at("cadvisor_version_info").series.at(0).labels,
                UnorderedElementsAre(Pair("cadvisorRevision", ""), Pair("cadvisorVersion", "0.1.0"),
                                     Pair("dockerVersion", "20.10.24"), Pair("kernelVersion", "6.1\xef\xbf\xbd"),
                                     Pair("osVersion", "Debian \"12\"")));
}

TEST(ScrapeErrors, SayWhatCouldNotBeRead)
{
    const exposition got = text_of([](metric_families& to) { add_scrape_errors(to, true, false); });
    EXPECT_EQ(value(got, "container_scrape_error"), 1);
    EXPECT_EQ(value(got, "machine_scrape_error"), 0);
}

}  // namespace
}  // namespace nodescope::api
