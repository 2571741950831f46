#include "collectors/questions/net_info.hpp"
#include "core/process/program_runner.hpp"
#include "netlink/text/route.hpp"
#include "tests/support/namespace_child.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/collectors/questions/net_info_fixture.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <atomic>
#include <filesystem>
#include <future>
#include <iterator>

#include <sys/stat.h>
#include <unistd.h>

using namespace nodescope;
using namespace std::chrono_literals;
using nodescope::testing::container_pid;
using nodescope::testing::container_with;
using nodescope::testing::id;
using nodescope::testing::namespace_child;
using nodescope::testing::next_pid;
using nodescope::testing::no_routes;
using nodescope::testing::one_link;
using nodescope::testing::run_task;
using nodescope::testing::run_until;
using nodescope::testing::scripted_reader;
using nodescope::testing::shows_link;
using nodescope::testing::wait_until;

namespace {

using NetInfo = nodescope::testing::net_info_fixture;

std::size_t open_descriptors()
{
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

}  // namespace

TEST_F(NetInfo, OfAContainerTellsWhatWasInspected)
{
    struct stat own {};
    ASSERT_EQ(::stat("/proc/self/ns/net", &own), 0);

    const auto info = collect(by_id());

    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(docker_.asked, std::vector<std::string>{"web"});
    EXPECT_EQ(info->pid, container_pid);
    EXPECT_EQ(info->container_id, id);
    EXPECT_EQ(info->container_name, "web");
    EXPECT_EQ(info->space.inode, own.st_ino);
    EXPECT_TRUE(info->verified);
    EXPECT_FALSE(info->host_network);
    EXPECT_TRUE(shows_link(info->addresses));
    EXPECT_EQ(info->route.text, no_routes);
    EXPECT_EQ(info->route6.text, netlink::no_ipv6_text);
    EXPECT_EQ(info->nat.text, "nat of 17209");
    EXPECT_FALSE(info->nat6.text || info->nat6.reason);
    EXPECT_FALSE(info->node_nat.text || info->node_nat.reason);
    EXPECT_TRUE(info->has_text());
}

TEST_F(NetInfo, OfAPodAsksForItsLabels)
{
    const auto info = collect(net_info_query("default", "web-0", "app"));
    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(docker_.asked, std::vector<std::string>{"default/web-0/app"});
    EXPECT_EQ(info->pid, container_pid);
}

TEST_F(NetInfo, OfAProcessAsksNoRuntime)
{
    net_info_collector without(without_runtime_, pool_, std::make_unique<scripted_reader>(script_), options_, log_);

    const auto info = run_task(reactor_, without.collect(net_info_query(container_pid), deadline::in(10s)));
    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(info->pid, container_pid);
    EXPECT_EQ(info->container_id, "");
    EXPECT_TRUE(info->verified);

    const auto refused = run_task(reactor_, without.collect(by_id(), deadline::in(10s)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), failure::unavailable);
}

TEST_F(NetInfo, OfNoProcessIsGone)
{
    const auto info = collect(net_info_query(4242));
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().kind(), failure::gone);
    EXPECT_NE(info.error().message().find("process 4242"), std::string::npos);
}

TEST_F(NetInfo, OfAContainerThatIsNotRunningIsAConflict)
{
    for (const char* status : {"created", "exited", "dead", "restarting", "removing", ""}) {
        docker_.states = {container_with(status, container_pid)};
        const auto info = collect(by_id());
        ASSERT_FALSE(info) << status;
        EXPECT_EQ(info.error(),
                  error(failure::conflict, std::string("container is not running: web (8fed049dc1fa) is ") + status));
    }
    for (const std::int64_t pid : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{::getpid()}}) {
        docker_.states = {container_with("running", pid)};
        const auto info = collect(by_id());
        ASSERT_FALSE(info) << pid;
        EXPECT_EQ(info.error().kind(), failure::conflict);
        EXPECT_TRUE(info.error().message().starts_with("container is not running: web (8fed049dc1fa) has ")) << pid;
    }
    EXPECT_EQ(script_.netlink_reads, 0);
    EXPECT_EQ(script_.nat_reads, 0);
}

TEST_F(NetInfo, OfAPausedContainerIsAnswered)
{
    docker_.states = {container_with("paused", container_pid)};
    EXPECT_TRUE(collect(by_id()));
}

TEST_F(NetInfo, PassesOnWhatTheRuntimeSays)
{
    docker_.states = {error(failure::gone, "no such container: web")};
    EXPECT_EQ(collect(by_id()).error(), error(failure::gone, "no such container: web"));
}

// Restarted between inspect and open, and the number is another's now.
TEST_F(NetInfo, InspectsOnceMoreWhenTheProcessIsAnothers)
{
    add_process(container_pid, "0::/docker/9" + id.substr(1) + "\n");
    add_process(next_pid, "0::/docker/" + id + "\n");
    docker_.states = {container_with("running", container_pid), container_with("running", next_pid)};

    const auto info = collect(by_id());

    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(info->pid, next_pid);
    EXPECT_EQ(docker_.asked, (std::vector<std::string>{"web", id}));
}

TEST_F(NetInfo, InspectsOnceMoreWhenTheProcessHasEnded)
{
    add_process(next_pid, "0::/docker/" + id + "\n");
    docker_.states = {container_with("running", 4242), container_with("running", next_pid)};
    const auto restarted = collect(by_id());
    ASSERT_TRUE(restarted) << restarted.error();
    EXPECT_EQ(restarted->pid, next_pid);
}

TEST_F(NetInfo, OfAContainerThatHasJustEndedSaysSo)
{
    docker_.states = {container_with("running", 4242), container_with("exited", 0)};
    EXPECT_EQ(collect(by_id()).error().message(), "container is not running: web (8fed049dc1fa) is exited");
}

// The runtime's word is tried twice; then the kernel's is taken.
TEST_F(NetInfo, TakesTheKernelsProcessWhereTheRuntimesIsWrong)
{
    root_.write("/proc/1/mountinfo", "26 1 0:23 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    root_.write("/sys/fs/cgroup/docker/" + id + "/cgroup.procs", "17300\n");
    add_process(next_pid, "0::/docker/" + id + "\n");
    add_process(container_pid, "0::/docker/9" + id.substr(1) + "\n");
    for (const std::int64_t pid : {std::int64_t{0}, std::int64_t{1}, std::int64_t{::getpid()}, std::int64_t{4242},
                                   std::int64_t{container_pid}}) {
        docker_.states = {container_with("running", pid)};
        docker_.asked.clear();
        const auto info = collect(by_id());
        ASSERT_TRUE(info) << info.error();
        EXPECT_EQ(info->pid, next_pid);
        EXPECT_EQ(info->resolved_by, "kernel");
        EXPECT_EQ(info->container_name, "web");
        ASSERT_TRUE(info->runtime_failure);
        EXPECT_TRUE(info->runtime_failure->message().starts_with("what fake says of its process is not so: "))
            << *info->runtime_failure;
        EXPECT_EQ(docker_.asked.size(), 2U) << "each time";
    }
    docker_.states = {container_with("exited", 0)};
    EXPECT_EQ(collect(by_id()).error().kind(), failure::conflict);
}

TEST_F(NetInfo, GivesUpAfterTheSecondInspect)
{
    add_process(container_pid, "0::/docker/9" + id.substr(1) + "\n");
    docker_.states = {container_with("running", container_pid), container_with("running", 4242)};

    const auto vanished = collect(by_id());
    ASSERT_FALSE(vanished);
    EXPECT_EQ(vanished.error().kind(), failure::conflict);
    EXPECT_TRUE(vanished.error().message().starts_with("container changed: web (8fed049dc1fa): process 4242"));

    docker_.states = {container_with("running", container_pid)};
    docker_.asked.clear();
    const auto foreign = collect(by_id());
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().kind(), failure::conflict);
    EXPECT_TRUE(foreign.error().message().starts_with("container changed: web (8fed049dc1fa): process 17209"));
    EXPECT_EQ(docker_.asked.size(), 2U);
    EXPECT_EQ(script_.netlink_reads, 0);
}

TEST_F(NetInfo, SaysWhenOnlyTheStartTimeProvesIt)
{
    add_process(container_pid, "0::/\n");
    const auto info = collect(by_id());
    ASSERT_TRUE(info) << info.error();
    EXPECT_FALSE(info->verified);
}

TEST_F(NetInfo, KnowsTheNodesNetwork)
{
    set_namespace(1, "/proc/self/ns/net");
    const auto info = collect(by_id());
    ASSERT_TRUE(info) << info.error();
    EXPECT_TRUE(info->host_network);
}

TEST_F(NetInfo, ReadsTheNodesNatOnlyWhenAsked)
{
    net_info_query query = by_id();
    query.node_nat = true;
    const auto info = collect(query);
    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(info->nat.text, "nat of 17209");
    EXPECT_EQ(info->node_nat.text, "nat of 1");
}

TEST_F(NetInfo, AFailedPartDoesNotFailTheOthers)
{
    script_.netlink = [](network_sink& sink, const abandon_flag&) {
        sink.put(result<netlink::links_and_addresses>(error(failure::denied, "no right")));
        sink.put(result<netlink::routes>(netlink::routes()));
    };
    net_info_query query = by_id();
    query.node_nat = true;
    set_namespace(1, "/nowhere");

    const auto info = collect(query);

    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(info->addresses.reason, error(failure::denied, "no right"));
    EXPECT_EQ(info->route.text, no_routes);
    EXPECT_TRUE(info->route6.reason);
    EXPECT_EQ(info->nat.text, "nat of 17209");
    ASSERT_TRUE(info->node_nat.reason);
    EXPECT_EQ(info->node_nat.reason->kind(), failure::gone);
}

// A dump that hangs in the kernel costs itself, not what was read before it nor the NAT tables.
TEST_F(NetInfo, AHangingDumpLeavesTheFinishedParts)
{
    std::promise<void> release;
    script_.netlink = [wait = release.get_future().share()](network_sink& sink, const abandon_flag&) {
        sink.put(one_link());
        wait.wait();
        sink.put(result<netlink::routes>(netlink::routes()));
    };
    options_.netlink_timeout = 50ms;

    const auto info = collect(by_id());
    release.set_value();

    ASSERT_TRUE(info) << info.error();
    EXPECT_TRUE(shows_link(info->addresses));
    ASSERT_TRUE(info->route.reason);
    EXPECT_EQ(info->route.reason->kind(), failure::timed_out);
    EXPECT_NE(info->route.reason->message().find("not finished within 50ms"), std::string::npos);
    EXPECT_FALSE(info->route.text);
    EXPECT_EQ(info->nat.text, "nat of 17209");
}

TEST_F(NetInfo, AnswersWithWhatThereIsBeforeAShortOuterDeadline)
{
    script_.nat_hangs = true;

    options_.nat_timeout = 1h;

    const auto info = collect(by_id(), 500ms);

    ASSERT_TRUE(info) << info.error();
    EXPECT_TRUE(shows_link(info->addresses));
    ASSERT_TRUE(info->nat.reason);
    EXPECT_EQ(info->nat.reason->kind(), failure::timed_out);
}

TEST_F(NetInfo, ADefectOfOneReadIsThrownAndLeavesNothingBehind)
{
    script_.nat_throws = true;
    EXPECT_THROW(static_cast<void>(collect(by_id())), std::runtime_error);
    script_.nat_throws = false;
    EXPECT_TRUE(collect(by_id()));
}

// One per namespace; identical reads in flight share one call.
TEST_F(NetInfo, ReadsOfOneNamespaceAtTheSameTimeAreShared)
{
    std::promise<void> release;
    script_.netlink = [wait = release.get_future().share()](network_sink& sink, const abandon_flag&) {
        wait.wait();
        sink.put(one_link());
    };
    std::vector<result<net_info>> answers;
    for (int i = 0; i < 3; ++i) {
        boost::asio::co_spawn(reactor_, collector().collect(by_id(), deadline::in(10s)),
                              [&](std::exception_ptr thrown, result<net_info> info) {
                                  ASSERT_FALSE(thrown);
                                  answers.push_back(std::move(info));
                              });
    }
    // Until all three have opened the namespace and only the one read is on the pool; a finished job has posted.
    EXPECT_TRUE(run_until(reactor_, [&] {
        const bool settled = docker_.asked.size() == 3 && script_.netlink_reads == 1 && pool_.busy() == 1;
        return reactor_.poll() == 0 && settled;
    }));
    release.set_value();
    ASSERT_TRUE(run_until(reactor_, [&] { return answers.size() == 3; }));

    for (const auto& answer : answers) {
        ASSERT_TRUE(answer) << answer.error();
        EXPECT_TRUE(shows_link(answer->addresses));
    }
    EXPECT_EQ(script_.netlink_reads, 1);
}

TEST_F(NetInfo, StopsReadingWhenTheCallerGoesAway)
{
    std::promise<void> entered;
    std::atomic<bool> told{false};
    script_.nat_hangs = true;
    script_.netlink = [&](network_sink&, const abandon_flag& abandoned) {
        entered.set_value();
        while (!abandoned.raised()) std::this_thread::yield();
        told = true;
    };
    boost::asio::cancellation_signal stop;
    bool ended = false;
    boost::asio::co_spawn(
        reactor_, collector().collect(by_id(), deadline::in(10s)),
        boost::asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, result<net_info>) { ended = true; }));
    auto running = entered.get_future();
    ASSERT_TRUE(run_until(reactor_, [&] { return running.wait_for(0s) == std::future_status::ready; }));

    stop.emit(boost::asio::cancellation_type::terminal);
    EXPECT_TRUE(run_until(reactor_, [&] { return ended && pool_.busy() == 0; }));
    EXPECT_TRUE(told);
    // Nothing of the abandoned read is in the way of the next one.
    script_.nat_hangs = false;
    script_.netlink = [](network_sink& sink, const abandon_flag&) { sink.put(one_link()); };
    reactor_.restart();
    EXPECT_TRUE(collect(by_id()));
}

TEST_F(NetInfo, ClosesEverythingItOpened)
{
    ASSERT_TRUE(collect(by_id()));
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(collect(by_id()));
        ASSERT_FALSE(collect(net_info_query(4242)));
    }
    // A worker lets go of what it opened a moment after it has told its result: before the count above as well as here.
    // What is never closed shows in each round.
    EXPECT_TRUE(wait_until([&] { return open_descriptors() <= before; }));
}

TEST_F(NetInfo, OfARealProcessIsItsNamespace)
{
    if (!namespace_child::is_possible()) GTEST_SKIP() << "making a network namespace needs root";
    const namespace_child child;
    struct stat space {};
    ASSERT_EQ(::stat(("/proc/" + std::to_string(child.pid()) + "/ns/net").c_str(), &space), 0);
    options_.root = "/";
    program_runner programs(reactor_.get_executor(), pool_);
    auto reader = make_namespace_reader(programs, namespace_reader_options());
    ASSERT_TRUE(reader) << reader.error();
    net_info_collector live(without_runtime_, pool_, std::move(*reader), options_, log_);

    const auto info = run_task(reactor_, live.collect(net_info_query(child.pid()), deadline::in(10s)));

    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(info->space.inode, space.st_ino);
    EXPECT_FALSE(info->host_network);
    ASSERT_TRUE(info->addresses.text) << *info->addresses.reason;
    EXPECT_TRUE(info->addresses.text->starts_with("1: lo: <LOOPBACK> ")) << *info->addresses.text;
    ASSERT_TRUE(info->route.text) << *info->route.reason;
    EXPECT_TRUE(info->route.text->starts_with("Kernel IP routing table\n"));
    ASSERT_TRUE(info->route6.text) << *info->route6.reason;
    EXPECT_TRUE(info->route6.text->starts_with("Kernel IPv6 routing table\n"));
    EXPECT_EQ(info->nat.text, "") << info->nat.reason.value_or(error());
    EXPECT_FALSE(info->nat6.text || info->nat6.reason);
}
