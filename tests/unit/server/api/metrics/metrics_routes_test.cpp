// GET /metrics as a whole: which containers it shows, and what it says of what it could not get.
#include "server/api/metrics/metrics_routes.hpp"

#include "tests/support/exposition.hpp"
#include "tests/support/run_task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace nodescope::api {
namespace {

using nodescope::testing::exposition;
using nodescope::testing::run_task;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::string id(64, 'a');

class listed_containers final : public cadvisor::containers {
public:
    result<std::vector<cadvisor::container_view>> answer = std::vector<cadvisor::container_view>();
    std::vector<cadvisor::query> asked;

    void add(std::string path, std::string name_space = "", bool is_container = false)
    {
        auto spec = std::make_shared<cadvisor::container_spec>();
        spec->name_space = std::move(name_space);
        spec->creation_time = cadvisor::time_point(std::chrono::seconds(1));
        cadvisor::container_view one;
        one.name = std::move(path);
        one.is_container = is_container;
        one.spec = std::move(spec);
        answer->push_back(std::move(one));
    }
    task<result<std::vector<cadvisor::container_view>>> find(cadvisor::query wanted, deadline) override
    {
        asked.push_back(wanted);
        co_return answer;
    }
    task<result<cadvisor::event_list>> history(cadvisor::event_filter, deadline) override { co_return error(); }
    result<std::unique_ptr<cadvisor::event_stream>> watch(cadvisor::event_filter) override { return error(); }
};

class MetricsRoutes : public ::testing::Test {
protected:
    http::reply get(container_choice choice = container_choice::all, const std::string& query = "", bool gzip = false)
    {
        options.containers = choice;
        metrics_backends backends{
            containers, machine, engine, pool, [] { return device_naming(); }, [] { return service_state(); }, answers};
        const auto routes = metrics_routes(std::move(backends), options);
        http::request asked;
        asked.query = query;
        asked.accepts_gzip = gzip;
        asked.limit = deadline::in(std::chrono::seconds(20));
        return run_task(reactor, routes.at(0).handle(asked));
    }
    static std::set<std::string> ids(const http::reply& answer)
    {
        std::set<std::string> out;
        for (const auto& [name, family] : exposition(answer.text()).families) {
            for (const auto& series : family.series) {
                if (series.labels.contains("id")) out.insert(series.labels.at("id"));
            }
        }
        return out;
    }
    static double value(const http::reply& answer, const std::string& family)
    {
        return exposition(answer.text()).families.at(family).series.at(0).value;
    }

    metrics_options options;
    boost::asio::io_context reactor{1};
    worker_pool pool{1};
    large_answers answers{http::traffic(0).answers};
    listed_containers containers;
    cadvisor::machine_collector machine{
        pool, [](deadline) -> task<result<std::shared_ptr<const host::node_filesystems>>> { co_return error(); },
        "/nonexistent", std::chrono::seconds(5)};
    cadvisor::engine_facts engine{nullptr};
};

TEST_F(MetricsRoutes, ShowTheContainersThatAreChosen)
{
    containers.add("/");
    containers.add("/system.slice");
    containers.add("/docker/" + id, "docker", true);
    // Another runtime's, or Docker has not said so yet (it may hang): its cgroup tells.
    containers.add("/kubepods/cri-containerd-" + id + ".scope", "", true);
    EXPECT_EQ(ids(get()).size(), 4U);
    EXPECT_THAT(ids(get(container_choice::runtime)),
                UnorderedElementsAre("/", "/docker/" + id, "/kubepods/cri-containerd-" + id + ".scope"));
    containers.asked.clear();
    EXPECT_THAT(ids(get(container_choice::none)), IsEmpty());
    EXPECT_THAT(containers.asked, IsEmpty()) << "nothing is measured that nobody sees";
}

TEST_F(MetricsRoutes, ShowWhatTheKubeletShows)
{
    containers.add("/");
    containers.add("/system.slice");
    containers.add("/system.slice/kubelet.service");
    containers.add("/docker/" + id, "docker", true);
    containers.add("/kubepods/pod1");
    containers.add("/kubepods/pod1/" + id, "", true);  // its runtime is silent
    containers.add("/elsewhere/" + id, "containerd", true);
    containers.answer->back().pod = std::make_shared<const pod_of_container>();
    EXPECT_EQ(ids(get()).size(), 7U);
    options.series.labels = label_choice::kubernetes;
    EXPECT_THAT(ids(get()), UnorderedElementsAre("/", "/system.slice/kubelet.service", "/kubepods/pod1",
                                                 "/kubepods/pod1/" + id, "/elsewhere/" + id));
    EXPECT_THAT(ids(get(container_choice::runtime)),
                UnorderedElementsAre("/", "/kubepods/pod1/" + id, "/elsewhere/" + id));
}

TEST_F(MetricsRoutes, SayWhatCouldNotBeRead)
{
    containers.answer = error(failure::timed_out, "cgroups: late");
    const auto failed = get();
    EXPECT_EQ(failed.status, 200U) << "half an answer beats none";
    EXPECT_EQ(value(failed, "container_scrape_error"), 1);
    EXPECT_EQ(value(failed, "machine_scrape_error"), 1);
    EXPECT_EQ(value(get(container_choice::none), "container_scrape_error"), 0) << "not asked for, so no failure";
}

TEST_F(MetricsRoutes, TakeTheOptionsOfTheApi)
{
    get(container_choice::all, "type=docker&max_age=5s&count=7&recursive=false");
    ASSERT_EQ(containers.asked.size(), 1U);
    EXPECT_EQ(containers.asked[0].type, cadvisor::query::naming::by_docker);
    EXPECT_EQ(containers.asked[0].max_age, std::chrono::seconds(5));
    EXPECT_EQ(containers.asked[0].count, 1);
    EXPECT_TRUE(containers.asked[0].recursive);
    const auto refused = get(container_choice::all, "max_age=5");
    EXPECT_EQ(refused.status, 500U);
    EXPECT_THAT(refused.text(), HasSubstr("No metrics gathered, last error:\n\nfailed to parse 'max_age' option"));
}

TEST_F(MetricsRoutes, AreCompressedForWhoTakesIt)
{
    const auto has = [](const http::reply& answer, const std::string& name, const std::string& value) {
        return std::find(answer.headers.begin(), answer.headers.end(), std::pair(name, value)) != answer.headers.end();
    };
    for (int i = 0; i < 50; ++i) containers.add("/" + std::to_string(i));
    const auto plain = get();
    EXPECT_FALSE(has(plain, "Content-Encoding", "gzip"));
    EXPECT_TRUE(has(plain, "Vary", "Accept-Encoding"));
    EXPECT_TRUE(plain.text().starts_with("# "));
    const auto coded = get(container_choice::all, "", true);
    EXPECT_TRUE(has(coded, "Content-Encoding", "gzip"));
    EXPECT_TRUE(has(coded, "Vary", "Accept-Encoding"));
    EXPECT_TRUE(coded.text().starts_with("\x1f\x8b"));
    EXPECT_LT(coded.text().size(), plain.text().size() / 2);
    EXPECT_FALSE(has(get(container_choice::all, "max_age=5", true), "Content-Encoding", "gzip")) << "a refusal";
}

}  // namespace
}  // namespace nodescope::api
