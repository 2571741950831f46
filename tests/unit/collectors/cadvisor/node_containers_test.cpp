// The containers of a node from its cgroup tree and from what Docker says of it.
#include "collectors/cadvisor/node_containers.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/collectors/cadvisor/node_containers_case.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace nodescope;
using namespace nodescope::cadvisor;
using namespace std::chrono_literals;
using nodescope::testing::run_task;
using nodescope::testing::run_until;
using nodescope::testing::running;
using nodescope::testing::scripted_runtime;
using nodescope::testing::wait_until;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::Pair;

namespace {

const std::string listed_id(64, 'a');
const std::string other_listed_id(64, 'b');
const std::string path_a = "/docker/" + listed_id;

// As in collectors/cadvisor/discovery.cpp, where a file's time may be late by as much.
constexpr std::chrono::milliseconds clock_tick{10};

std::chrono::nanoseconds age_of(const std::string& path)
{
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) throw std::runtime_error("no status of " + path);
    const auto changed = std::chrono::seconds(status.st_ctim.tv_sec) + std::chrono::nanoseconds(status.st_ctim.tv_nsec);
    return std::chrono::system_clock::now().time_since_epoch() - changed;
}

class NodeContainers : public nodescope::testing::node_containers_case {};

}  // namespace

TEST_F(NodeContainers, FindsWhatIsThereWhenItIsAsked)
{
    EXPECT_EQ(find("/a").error().message(), "unknown container \"/a\"");
    node.add("/a");
    auto found = find("/a");
    ASSERT_TRUE(found) << found.error();
    ASSERT_EQ(found->size(), 1U);
    ASSERT_EQ(found->front().samples.size(), 1U) << "measured now";
    EXPECT_EQ(found->front().samples[0].memory->usage, 1048576U);
    EXPECT_EQ(found->front().spec->name_space, "");
    EXPECT_EQ(found->front().spec->limits.memory_limit, host::cgroup_limits::unlimited);
    node.remove("/a");
    EXPECT_EQ(find("/a").error().kind(), failure::gone);
}

TEST_F(NodeContainers, MeasuresAnewWhatIsTooOld)
{
    node.add("/a");
    EXPECT_EQ(find("/a")->front().samples.size(), 1U);
    EXPECT_EQ(find("/a")->front().samples.size(), 1U) << "young enough for whoever does not say";
    node.set("/a", "memory.current", "7\n");
    query fresh;
    fresh.name = "/a";
    fresh.max_age = 0ns;
    const auto found = find(fresh);
    ASSERT_EQ(found->front().samples.size(), 2U);
    EXPECT_EQ(found->front().samples[1].memory->usage, 7U);
    EXPECT_EQ(found->front().samples[1].cpu, found->front().samples[0].cpu) << "nothing changed: shared";
    EXPECT_EQ(find("/a", 0)->front().samples.size(), 0U);
}

TEST_F(NodeContainers, ShowsOfTheEnvironmentOnlyWhatIsListed)
{
    options.environment = {"SHOWN"};
    docker.answer = [](const std::string& id) {
        auto state = running(id, "web");
        state.environment = {"SECRET=planted", "SHOWN=a=b", "SHOWN2=x", "shown=y", "NOTHING"};
        state.labels = {{"app", "x"}};
        state.image = "busybox:local";
        state.restart_count = 3;
        return result<container>(state);
    };
    node.add(path_a);
    const auto found = find_of_docker("web");
    ASSERT_TRUE(found) << found.error();
    const container_spec& spec = *found->front().spec;
    EXPECT_EQ(found->front().name, path_a);
    EXPECT_THAT(spec.envs, ElementsAre(Pair("shown", "a=b")));
    EXPECT_THAT(spec.aliases, ElementsAre("web", listed_id));
    EXPECT_THAT(spec.labels, ElementsAre(Pair("app", "x")));
    EXPECT_EQ(spec.restarts, 3U);
    EXPECT_EQ(spec.image, "busybox:local");
    EXPECT_EQ(spec.name_space, "docker");
}

TEST_F(NodeContainers, ShowNothingOfTheEnvironmentUnlessAsked)
{
    docker.answer = [](const std::string& id) {
        auto state = running(id, "web");
        state.environment = {"SECRET=planted"};
        return result<container>(state);
    };
    node.add(path_a);
    EXPECT_TRUE(find_of_docker("web")->front().spec->envs.empty());
}

TEST_F(NodeContainers, AnswersWhileDockerHangs)
{
    docker.silent = true;
    node.add(path_a);
    const auto by_path = find(path_a);
    ASSERT_TRUE(by_path) << by_path.error();
    EXPECT_TRUE(by_path->front().samples.at(0).cpu);
    EXPECT_THAT(by_path->front().spec->aliases, ElementsAre(listed_id)) << "what the path tells";
    EXPECT_TRUE(find_of_docker(listed_id)) << "known by its id all the same";
    EXPECT_EQ(find_of_docker("web").error().message(), "unable to find Docker container \"web\"");
}

TEST_F(NodeContainers, KeepsTheNamesItKnowsWhileDockerIsAway)
{
    node.add(path_a);
    ASSERT_TRUE(find_of_docker("name-of-aaaa"));
    docker.answer = [](const std::string&) -> result<container> { return error(failure::unavailable, "away"); };
    node.add("/docker/" + other_listed_id);
    EXPECT_TRUE(find_of_docker("name-of-aaaa"));
    EXPECT_TRUE(find_of_docker(other_listed_id));
    EXPECT_FALSE(find_of_docker("name-of-bbbb"));
}

TEST_F(NodeContainers, TellsTheBeginningOfWhatHasEndedAlready)
{
    // Docker says of a container that has ended that it has no process, and that is all it ever said of this one.
    docker.answer = [](const std::string& id) {
        auto state = running(id, "short", 0);
        state.exit_code = 7;
        return result<container>(state);
    };
    ASSERT_TRUE(find("/"));
    node.add(path_a);
    ASSERT_TRUE(find("/"));
    node.remove(path_a);
    ASSERT_TRUE(run_until(reactor, [&] { return history_of(path_a).size() >= 2; }));
    const auto told = history_of(path_a);
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[0].type, cadvisor::event::kind::creation);
    EXPECT_EQ(told[1].type, cadvisor::event::kind::deletion);
    EXPECT_EQ(told[1].exit_code, 7);
}

TEST_F(NodeContainers, AsksNobodyHowAPlainCgroupEnded)
{
    node.add("/a");
    ASSERT_TRUE(find("/a"));
    node.remove("/a");
    ASSERT_FALSE(find("/a"));
    ASSERT_TRUE(run_until(reactor, [&] { return history_of("/a").size() == 2; }));
    EXPECT_EQ(history_of("/a")[1].exit_code, -1);
    EXPECT_TRUE(docker.asked.empty());
}

TEST_F(NodeContainers, TellsStreamsTheNewsOnly)
{
    node.add("/old");
    // What was there before the service looked is older than the kernel's clock of files can be late.
    ASSERT_TRUE(wait_until([&] { return age_of(node.directory("/old")) > clock_tick; }));
    event_filter all;
    all.subcontainers = all.creation = all.deletion = true;
    auto stream = service().watch(all);
    ASSERT_TRUE(stream);
    node.add("/new");
    ASSERT_TRUE(find("/new"));
    std::vector<std::string> told;
    for (;;) {
        const auto next = run_task(reactor, (*stream)->next(deadline::in(50ms)));
        ASSERT_TRUE(next) << next.error();
        if (!*next) break;
        told.push_back((*next)->container_name);
    }
    EXPECT_THAT(told, Contains("/new"));
    EXPECT_THAT(told, Not(Contains("/old")));
    EXPECT_EQ(history_of("/old").size(), 1U);
}

TEST_F(NodeContainers, CountsKillsByTheKernelsCounters)
{
    node.add("/a");
    node.set("/a", "memory.events", "oom_kill 3\n");
    EXPECT_EQ(find("/a")->front().oom_events, 3U);
    EXPECT_EQ(find("/")->front().oom_events, std::nullopt) << "nothing counts there";
    oom_kill kill;
    kill.victim_cgroup = kill.limit_cgroup = "/a";
    kill.pid = 42;
    kill.process_name = "hog";
    service().tell_out_of_memory(kill, time_point(5s));
    EXPECT_TRUE(run_until(reactor, [&] { return service().kills_not_counted() == 1; }));
    const auto kills = [&] {
        event_filter filter;
        filter.oom_kill = true;
        filter.container_name = "/a";
        return copies(run_task(reactor, service().history(filter, deadline::in(20s))));
    };
    EXPECT_EQ(kills().size(), 0U) << "the log alone proves nothing, and what was before us is no news";
    node.set("/a", "memory.events", "oom_kill 4\n");
    service().tell_out_of_memory(kill, time_point(6s));
    EXPECT_TRUE(wait_until([&] { return !kills().empty(); }));
    ASSERT_EQ(kills().size(), 1U);
    EXPECT_EQ(kills().front().pid, 42);
    EXPECT_EQ(kills().front().process_name, "hog");
    EXPECT_EQ(find("/a")->front().oom_events, 4U);
    EXPECT_EQ(service().kills_not_counted(), 1U);
}

TEST_F(NodeContainers, BelievesTheLogWhereTheKernelCountsNothing)
{
    node.add("/a");
    node.set("/a", "memory.events", "low 0\noom 3\n");
    oom_kill kill;
    kill.victim_cgroup = kill.limit_cgroup = "/a";
    kill.pid = 42;
    service().tell_out_of_memory(kill, time_point(5s));
    EXPECT_TRUE(wait_until([&] { return history_of("/a").size() >= 3; })) << "creation, and two of the kill";
    EXPECT_EQ(find("/a")->front().oom_events, std::nullopt);
}

TEST_F(NodeContainers, BelievesTheLogWhereThereIsNoCounter)
{
    node.add("/a");
    oom_kill kill;
    kill.victim_cgroup = kill.limit_cgroup = "/a";
    kill.pid = 42;
    service().tell_out_of_memory(kill, time_point(5s));
    EXPECT_TRUE(wait_until([&] { return history_of("/a").size() >= 3; })) << "creation, and two of the kill";
    node.add("/b");
    node.set("/b", "memory.events", "oom_kill 0\n");
    kill.victim_cgroup = kill.limit_cgroup = "/gone";
    service().tell_out_of_memory(kill, time_point(5s));
    EXPECT_TRUE(run_until(reactor, [&] { return service().kills_not_counted() == 1; })) << "now there is one";
}

// Nothing else is looked at, and the cgroup may be gone by the time that somebody asks.
TEST_F(NodeContainers, CountsKillsAlsoWhileNobodyAsks)
{
    node.add("/old");
    node.set("/old", "memory.events", "oom_kill 1\n");
    ASSERT_TRUE(wait_until([&] { return age_of(node.directory("/old")) > 2 * clock_tick; }));
    service();
    ASSERT_TRUE(wait_until([begun = steady_clock::now()] { return steady_clock::now() - begun > 2 * clock_tick; }));
    node.add("/limit/a");
    node.set("/limit/a", "memory.events", "oom_kill 2\n");
    node.set("/limit/a", "memory.events.local", "oom_kill 1\n");
    oom_kill kill;
    kill.victim_cgroup = "/limit/a";
    kill.limit_cgroup = "/limit";
    kill.process_name = "hog";
    kill.pid = 42;
    service().tell_out_of_memory(kill, time_point(5s));
    EXPECT_TRUE(run_until(reactor, [&] { return group.size() == 0; }));
    EXPECT_EQ(service().kills_not_counted(), 0U);
    for (const char* nobody : {"/limit/a", "/old", "/gone", "/", "/limit/../limit/a"}) {
        kill.victim_cgroup = nobody;
        service().tell_out_of_memory(kill, time_point(6s));
    }
    EXPECT_TRUE(run_until(reactor, [&] { return group.size() == 0; }));
    EXPECT_EQ(service().kills_not_counted(), 5U);

    node.remove("/limit/a");
    event_filter filter;
    filter.subcontainers = filter.oom = filter.oom_kill = true;
    filter.max_events = -1;
    const auto kills = copies(run_task(reactor, service().history(filter, deadline::in(20s))));
    ASSERT_EQ(kills.size(), 2U);
    for (const auto& one : kills) {
        EXPECT_EQ(one.container_name, one.type == cadvisor::event::kind::oom ? "/limit/a" : "/limit");
        EXPECT_EQ(one.timestamp, time_point(5s));
    }
    EXPECT_EQ(find("/old")->front().oom_events, 1U);
}

// The kernel has only that of the counter: whose limit it was stands in the log.
TEST_F(NodeContainers, BelievesALimitOnlyOfTheCgroupItselfAndThoseAboveIt)
{
    node.add("/a");
    node.set("/a", "memory.events", "oom_kill 0\n");
    ASSERT_TRUE(find("/a"));
    node.set("/a", "memory.events", "oom_kill 1\n");
    oom_kill kill;
    kill.victim_cgroup = "/a";
    kill.limit_cgroup = "/ab";
    kill.pid = 42;
    service().tell_out_of_memory(kill, time_point(5s));
    EXPECT_TRUE(wait_until([&] { return history_of("/a").size() >= 3; })) << "creation, and two of the kill";
    EXPECT_EQ(history_of("/ab").size(), 0U);
}

TEST_F(NodeContainers, SaysThatTheNodeHasNoCgroups)
{
    const nodescope::testing::temporary_root empty;
    options.root = empty.path();
    const auto found = find("/");
    ASSERT_FALSE(found);
    EXPECT_FALSE(found.error().message().empty());
}

TEST_F(NodeContainers, HasNoSummaryOfWhatWasNotMeasured)
{
    node.add("/a");
    query asked;
    asked.name = "/a";
    asked.count = 0;
    EXPECT_FALSE(find(asked)->front().summary);
    asked.summaries = true;
    const auto found = find(asked);
    ASSERT_TRUE(found->front().summary);
    EXPECT_EQ(found->front().summary->latest_memory, 1'000'000U);
    EXPECT_FALSE(found->front().summary->minute.cpu.present);
}
