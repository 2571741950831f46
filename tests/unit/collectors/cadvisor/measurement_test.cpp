// One pass over the cgroup tree, one over the containers.
#include "collectors/cadvisor/measurement.hpp"
#include "tests/unit/collectors/cadvisor/cgroup_node.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace nodescope;
using namespace nodescope::cadvisor;
using namespace std::chrono_literals;
using nodescope::testing::cgroup_node;

namespace {

const auto whole_hour = deadline::in(1h);
using paths = std::vector<std::string>;

class Measurement : public ::testing::Test {
protected:
    result<discovery> look(const std::set<std::string>& known = {}, deadline limit = whole_hour)
    {
        return blocking_discover(tree, node.root(), known, limit, going_on);
    }
    static measuring_order order_for(const std::string& path, bool limits = false)
    {
        measuring_order order;
        order.path = path;
        order.limits = limits;
        order.opened = std::make_shared<opened_container>();
        return order;
    }
    std::vector<measurement> measured(const std::vector<measuring_order>& orders, deadline limit = whole_hour)
    {
        return blocking_measure(tree.tree, node.root(), orders, counting(), limit, going_on);
    }

    cgroup_node node;
    opened_tree tree;
    abandon_flag going_on;
};

// Of the user namespace that a child is in alone.
bool without_watches()
{
    if (::unshare(CLONE_NEWUSER) != 0) return false;
    std::ofstream limit("/proc/sys/user/max_inotify_watches");
    limit << 0 << std::flush;
    return limit.good();
}

}  // namespace

TEST_F(Measurement, FindsTheTreeAndWhenItBegan)
{
    node.add("/a");
    node.add("/a/b");
    const auto seen = look({"/a"});
    ASSERT_TRUE(seen) << seen.error();
    EXPECT_EQ(seen->found.paths, (paths{"/", "/a", "/a/b"}));
    EXPECT_FALSE(seen->found.truncated);
    EXPECT_FALSE(seen->created.contains("/a")) << "known already";
    ASSERT_TRUE(seen->created.contains("/a/b"));
    EXPECT_GT(seen->created.at("/a/b"), time_point(std::chrono::seconds(1'700'000'000)));
    EXPECT_EQ(seen->node.memory, 4096U * 1024U);
    EXPECT_GE(seen->node.processors, 1);
}

TEST_F(Measurement, SaysWhyThereIsNoTree)
{
    const nodescope::testing::temporary_root empty;
    opened_tree none;
    EXPECT_FALSE(blocking_discover(none, empty.path(), {}, whole_hour, going_on));
    EXPECT_EQ(none.tree, nullptr) << "looked for again the next time";
}

TEST_F(Measurement, OneLookAtATime)
{
    const std::scoped_lock stuck(tree.busy);
    const auto seen = look();
    ASSERT_FALSE(seen);
    EXPECT_EQ(seen.error().kind(), failure::overloaded);
}

TEST_F(Measurement, IsToldOfWhatComesAndGoes)
{
    ASSERT_TRUE(look());
    (void)tree.watch.changed();
    EXPECT_FALSE(tree.watch.changed()) << "nothing happens";
    node.add("/a");
    EXPECT_TRUE(tree.watch.changed());
    ASSERT_TRUE(look());
    (void)tree.watch.changed();
    node.add("/a/b");
    EXPECT_TRUE(tree.watch.changed()) << "what came is watched itself";
    node.remove("/a");
    EXPECT_TRUE(tree.watch.changed());
    EXPECT_EQ(look()->found.paths, paths{"/"});
}

// Between two looks a container can end and begin again under the same path: its watch went with the directory.
TEST_F(Measurement, WatchesWhatWasMadeAgain)
{
    node.add("/a");
    ASSERT_TRUE(look());
    node.remove("/a");
    node.add("/a");
    EXPECT_TRUE(tree.watch.changed());
    ASSERT_TRUE(look());
    (void)tree.watch.changed();
    std::filesystem::create_directory(node.directory("/a/b"));
    EXPECT_TRUE(tree.watch.changed());
    EXPECT_EQ(look()->found.paths, (paths{"/", "/a", "/a/b"}));
}

TEST_F(Measurement, SaysWhatItCannotWatch)
{
    enum : int { as_expected, no_namespace, not_said, still_trusted };
    node.add("/a");
    const pid_t child = ::fork();
    if (child == 0) {
        if (!without_watches()) ::_exit(no_namespace);
        // What was opened before counts for the namespace of before.
        opened_tree fresh;
        const auto seen = blocking_discover(fresh, node.root(), {}, whole_hour, going_on);
        if (!seen || seen->unwatched != ENOSPC) ::_exit(not_said);
        ::_exit(fresh.watch.changed() && fresh.watch.changed() ? as_expected : still_trusted);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), as_expected);
    EXPECT_EQ(look()->unwatched, 0);
}

TEST_F(Measurement, ShowsLimitsAsTheyWereWritten)
{
    node.add("/a");
    node.set("/a", "pids.max", "50\n");
    ASSERT_TRUE(look());
    const auto order = order_for("/a", true);
    for (const std::uint64_t limit : {2097152U, 4194304U, 1048576U}) {
        node.set("/a", "memory.max", std::to_string(limit) + "\n");
        node.set("/a", "pids.max", std::to_string(limit / 1000) + "\n");
        const auto taken = measured({order});
        ASSERT_TRUE(taken.front().limits && taken.front().values.processes);
        EXPECT_EQ(taken.front().limits->memory_limit, limit);
        EXPECT_EQ(taken.front().limits->processes_limit, limit / 1000);
        EXPECT_EQ(taken.front().values.processes->threads_max, limit / 1000);
    }
}

TEST_F(Measurement, ReadsFiguresAndLimitsAsOrdered)
{
    node.add("/a");
    node.set("/a", "memory.max", "2097152\n");
    ASSERT_TRUE(look());
    auto without_figures = order_for("/a", true);
    without_figures.figures = false;
    const auto taken = measured({order_for("/a"), order_for("/a", true), without_figures});
    ASSERT_EQ(taken.size(), 3U);
    ASSERT_TRUE(taken[0].values.cpu && taken[0].values.memory);
    EXPECT_EQ(taken[0].values.cpu->total, 7'000'000U);
    EXPECT_EQ(taken[0].values.memory->working_set, 1'000'000U);
    EXPECT_FALSE(taken[0].limits);
    EXPECT_FALSE(taken[0].gone || taken[0].left_out || taken[0].network_gone);
    EXPECT_EQ(taken[1].limits->memory_limit, 2097152U);
    EXPECT_EQ(taken[2].limits->memory_limit, 2097152U);
    EXPECT_EQ(taken[2].values.timestamp, time_point());
}

TEST_F(Measurement, TellsWhoIsGoneFromWhoWasLeftOut)
{
    node.add("/a");
    ASSERT_TRUE(look());
    auto held = order_for("/a");
    const std::unique_lock stuck(held.opened->busy);
    const auto taken = measured({order_for("/nope"), held, order_for("/a")});
    EXPECT_TRUE(taken.at(0).gone);
    EXPECT_TRUE(taken.at(1).left_out) << "an earlier job is still at it";
    EXPECT_FALSE(taken.at(1).gone);
    EXPECT_TRUE(taken.at(2).values.cpu);
    const auto late = measured({order_for("/a")}, deadline::in(0ms));
    EXPECT_TRUE(late.at(0).left_out);
    EXPECT_FALSE(late.at(0).gone);
}

TEST_F(Measurement, SaysWhenTheProcessOfTheNetworkHasEnded)
{
    node.add("/a");
    ASSERT_TRUE(look());
    auto order = order_for("/a");
    order.id = std::string(64, 'a');
    order.pid = 4'194'304;  // there is no such process under this root
    const auto taken = measured({order});
    EXPECT_TRUE(taken.at(0).network_gone);
    EXPECT_TRUE(taken.at(0).values.cpu) << "the rest is there";
    EXPECT_FALSE(taken.at(0).values.network);
}

TEST_F(Measurement, TheNodesNetworkIsNoContainers)
{
    const std::string id(64, 'a');
    const std::string path = "/docker/" + id;
    node.add("/docker");
    node.add(path);
    node.add_process(40, path);
    node.write("/proc/40/net/dev", "head\nhead\n  eth0: 7 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n");
    node.write("/proc/40/ns/net", "");
    ASSERT_TRUE(look());
    auto order = order_for(path);
    order.id = id;
    order.pid = 40;
    EXPECT_TRUE(measured({order}).at(0).values.network) << "the node's is not known";
    node.write("/proc/1/ns/net", "");
    order.opened = std::make_shared<opened_container>();
    EXPECT_TRUE(measured({order}).at(0).values.network) << "another than the node's";

    std::filesystem::remove(node.root() + "/proc/1/ns/net");
    std::filesystem::create_hard_link(node.root() + "/proc/40/ns/net", node.root() + "/proc/1/ns/net");
    order.opened = std::make_shared<opened_container>();
    for (int time = 0; time < 2; ++time) {
        const auto taken = measured({order});
        EXPECT_FALSE(taken.at(0).values.network || taken.at(0).network_gone) << time;
        EXPECT_TRUE(taken.at(0).values.cpu) << "the rest is there";
    }
}
