// What a watch on the files of limits tells, and when a reader reads them again. In directories of plain files: the
// kernel's notices are the same there.
#include "collectors/host/cgroup/limit_watch.hpp"

#include "collectors/host/cgroup/cgroup_reader.hpp"
#include "tests/support/temporary_root.hpp"
#include "tests/unit/collectors/cadvisor/cgroup_node.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::temporary_root;

namespace {

class LimitWatch : public ::testing::Test {
protected:
    LimitWatch()
    {
        write("/a/memory.max");
        write("/a/memory.events");
        write("/a/b/memory.max");
    }
    void write(const std::string& file) { node.write(file, "1\n"); }
    [[nodiscard]] std::string at(const std::string& path) const { return node.path() + path; }
    [[nodiscard]] std::unique_ptr<watched_limits> watch_b() { return watch.blocking_watch({at("/a/b")}, at("/a")); }
    bool news_of(const watched_limits& one)
    {
        watch.blocking_look();
        return one.has_news();
    }

    temporary_root node;
    limit_watch watch;
};

}  // namespace

TEST_F(LimitWatch, TellsOfAWrite)
{
    const auto watched = watch_b();
    ASSERT_TRUE(watched);
    EXPECT_FALSE(news_of(*watched));
    write("/a/b/memory.max");
    EXPECT_FALSE(watched->has_news()) << "before the look";
    EXPECT_TRUE(news_of(*watched));
    EXPECT_TRUE(news_of(*watched)) << "until they are read";
    watched->expect_news();
    EXPECT_FALSE(news_of(*watched));
}

TEST_F(LimitWatch, WatchesAllDirectoriesOfACgroup)
{
    write("/pids/b/pids.max");
    const auto watched = watch.blocking_watch({at("/a/b"), at("/pids/b")}, "");
    ASSERT_TRUE(watched);
    write("/pids/b/pids.max");
    EXPECT_TRUE(news_of(*watched));
}

TEST_F(LimitWatch, WhatComesOftenIsNoNews)
{
    const auto watched = watch_b();
    ASSERT_TRUE(watched);
    for (const char* file : {"cgroup.procs", "tasks", "memory.events", "memory.events.local", "cpu.pressure"})
        write(std::string("/a/b/") + file);
    write("/a/memory.max");
    EXPECT_FALSE(news_of(*watched)) << "nor are the limits above";
}

TEST_F(LimitWatch, ControllersThatAreHandedDownAreNews)
{
    const auto watched = watch_b();
    const auto above = watch.blocking_watch({at("/a")}, "");
    ASSERT_TRUE(watched && above);
    write("/a/cgroup.subtree_control");
    EXPECT_TRUE(news_of(*watched));
    EXPECT_FALSE(above->has_news());
}

// As when a container is read by a job that is late while the next has begun.
TEST_F(LimitWatch, TwoMayWatchOneDirectory)
{
    auto first = watch_b();
    const auto second = watch_b();
    ASSERT_TRUE(first && second);
    first.reset();
    write("/a/b/memory.max");
    EXPECT_TRUE(news_of(*second));
}

TEST_F(LimitWatch, AllIsNewsWhenThereWereMoreNoticesThanTheKernelKeeps)
{
    const auto watched = watch_b();
    const auto above = watch.blocking_watch({at("/a")}, "");
    ASSERT_TRUE(watched && above);
    std::size_t kept = 0;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> kept;
    if (kept == 0 || kept > 100'000) GTEST_SKIP() << "too many to make";
    // Two in turn: the kernel makes one notice of several about the same file.
    std::ofstream events(at("/a/memory.events"));
    std::ofstream processes(at("/a/cgroup.procs"));
    for (std::size_t told = 0; told < kept + 2; told += 2) {
        events << '1' << std::flush;
        processes << '1' << std::flush;
    }
    EXPECT_TRUE(news_of(*watched));
    EXPECT_TRUE(above->has_news());
}

TEST_F(LimitWatch, IsOverWithTheDirectory)
{
    const auto watched = watch_b();
    ASSERT_TRUE(watched);
    std::filesystem::remove_all(at("/a/b"));
    write("/a/b/memory.max");
    EXPECT_TRUE(news_of(*watched));
    watched->expect_news();
    EXPECT_TRUE(watched->is_over()) << "what is there now is not watched";
    const auto again = watch_b();
    ASSERT_TRUE(again);
    EXPECT_FALSE(news_of(*again));
}

TEST_F(LimitWatch, DoesNotWatchWhatIsNotThere)
{
    EXPECT_FALSE(watch.blocking_watch({at("/a"), at("/c")}, ""));
    EXPECT_FALSE(watch.blocking_watch({at("/a/b")}, at("/c")));
    EXPECT_FALSE(watch.blocking_watch({}, ""));
}

TEST_F(LimitWatch, LeavesWatchesToOthers)
{
    std::vector<std::unique_ptr<watched_limits>> all;
    for (std::size_t i = 0; i < limit_watch::watches_limit; ++i) all.push_back(watch.blocking_watch({at("/a")}, ""));
    EXPECT_TRUE(all.back());
    EXPECT_FALSE(watch_b());
    all.pop_back();
    EXPECT_FALSE(watch_b()) << "it needs two";
    all.pop_back();
    EXPECT_TRUE(watch_b());
}

namespace {

// A container whose limits change.
class CgroupReaderLimits : public ::testing::Test {
protected:
    CgroupReaderLimits()
    {
        node.add("/a");
        node.set("/a", "memory.max", "2097152\n");
        node.set("/a", "pids.max", "50\n");
        node.set("/a", "cpuset.cpus.effective", "0-1\n");
        tree = cgroup_tree::blocking_open(blocking_read_cgroup_layout(node.root()).value()).value();
        reader.emplace(cgroup_reader::blocking_open(tree, "/a").value());
    }
    cgroup_limits limits()
    {
        tree->blocking_begin_pass();
        const auto read = reader->blocking_limits();
        EXPECT_TRUE(read) << read.error();
        return read ? *read : cgroup_limits();
    }
    // Which the kernel gives no notice of a write for.
    void change_unnoticed(const std::string& file, std::string_view text) const
    {
        node.set("", "new", text);
        std::filesystem::rename(node.directory("/new"), node.directory("/a/" + file));
    }

    nodescope::testing::cgroup_node node;
    std::shared_ptr<cgroup_tree> tree;
    std::optional<cgroup_reader> reader;
};

}  // namespace

TEST_F(CgroupReaderLimits, AreReadAgainWhereTheyWereWritten)
{
    EXPECT_EQ(limits().memory_limit, 2097152U);
    node.set("/a", "memory.max", "4194304\n");
    node.set("/a", "pids.max", "60\n");
    const cgroup_limits changed = limits();
    EXPECT_EQ(changed.memory_limit, 4194304U);
    EXPECT_EQ(changed.processes_limit, 60U);
    node.set("/a", "memory.max", "max\n");
    EXPECT_EQ(limits().memory_limit, cgroup_limits::unlimited);
}

TEST_F(CgroupReaderLimits, AreNotReadAgainWhereNobodyWrote)
{
    EXPECT_EQ(limits().memory_limit, 2097152U);
    change_unnoticed("memory.max", "4194304\n");
    EXPECT_EQ(limits().memory_limit, 2097152U);
}

TEST_F(CgroupReaderLimits, AreReadEachTimeWhereNothingCanBeWatched)
{
    std::vector<std::unique_ptr<watched_limits>> others;
    do others.push_back(tree->limits().blocking_watch({node.directory("/a")}, ""));
    while (others.back());
    EXPECT_EQ(limits().memory_limit, 2097152U);
    change_unnoticed("memory.max", "4194304\n");
    EXPECT_EQ(limits().memory_limit, 4194304U);
}

TEST_F(CgroupReaderLimits, ProcessorsAreReadEachTime)
{
    EXPECT_EQ(limits().cpu_mask, "0-1");
    change_unnoticed("cpuset.cpus.effective", "0\n");
    EXPECT_EQ(limits().cpu_mask, "0");
}

TEST_F(CgroupReaderLimits, FiguresShowHowManyThreadsThereMayBe)
{
    const auto most_threads = [&]() -> std::uint64_t {
        const auto figures = reader->blocking_read();
        return figures && figures->processes ? figures->processes->threads_max : 1;
    };
    EXPECT_EQ(most_threads(), 50U) << "without the limits";
    (void)limits();
    EXPECT_EQ(most_threads(), 50U);
    node.set("/a", "pids.max", "max\n");
    tree->blocking_begin_pass();
    EXPECT_EQ(most_threads(), 0U) << "no limit";
    (void)limits();
    EXPECT_EQ(most_threads(), 0U);
}
