// The readers over trees of files captured from real nodes (tests/fixtures/node_v2, node_v1).
#include "collectors/host/cgroup/cgroup_reader.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <filesystem>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::temporary_root;

namespace {

const std::string read_id = "8fed049dc1fadb6c40b231cdcc2d354904ebd02a41dcf2e2ea909b06b1674773";
const std::string docker_v2 = "/system.slice/docker-" + read_id + ".scope";
const std::string pod_v2 =
    "/kubepods.slice/kubepods-burstable.slice/"
    "kubepods-burstable-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice/cri-containerd-1" +
    read_id.substr(1) + ".scope";

std::shared_ptr<cgroup_tree> tree_of(const std::string& root, std::size_t kept = cgroup_tree::kept_file_limit)
{
    const auto layout = blocking_read_cgroup_layout(root);
    EXPECT_TRUE(layout) << layout.error();
    auto tree = cgroup_tree::blocking_open(*layout, kept);
    EXPECT_TRUE(tree) << tree.error();
    return *tree;
}

cgroup_reader open(const std::shared_ptr<cgroup_tree>& tree, const std::string& path)
{
    auto reader = cgroup_reader::blocking_open(tree, path);
    EXPECT_TRUE(reader) << reader.error();
    return std::move(*reader);
}

const std::string node_v2 = nodescope::testing::fixture_path("node_v2");
const std::string node_v1 = nodescope::testing::fixture_path("node_v1");

}  // namespace

TEST(CgroupReader, ReadsAContainerOfVersionTwo)
{
    cgroup_reader reader = open(tree_of(node_v2), docker_v2);
    const auto figures = reader.blocking_read();
    ASSERT_TRUE(figures) << figures.error();
    ASSERT_TRUE(figures->cpu);
    EXPECT_EQ(figures->cpu->total, 17803032000U);
    EXPECT_EQ(figures->cpu->throttled_periods, 354U);
    EXPECT_TRUE(figures->cpu->per_cpu.empty());
    ASSERT_TRUE(figures->memory);
    EXPECT_EQ(figures->memory->usage, 454656U);
    EXPECT_EQ(figures->memory->max_usage, 267362304U);
    EXPECT_EQ(figures->memory->working_set, 454656U - 49152U);
    EXPECT_EQ(figures->memory->high_events, 155U);
    ASSERT_TRUE(figures->io);
    EXPECT_EQ(figures->io->size(), 3U);
    ASSERT_TRUE(figures->processes);
    EXPECT_EQ(figures->processes->threads_current, 1U);
    EXPECT_EQ(figures->processes->threads_max, 50U);
    ASSERT_TRUE(figures->pressures);
    EXPECT_EQ(figures->pressures->cpu.some.total, 26885765U);
    EXPECT_EQ(figures->pressures->io.full.total, 46747U);
}

TEST(CgroupReader, ReadsTheLimitsOfVersionTwo)
{
    const auto tree = tree_of(node_v2);
    const auto docker = open(tree, docker_v2).blocking_limits();
    ASSERT_TRUE(docker) << docker.error();
    EXPECT_EQ(docker->cpu_shares, 205U) << "a fifth of the usual 1024, as its weight is 20 of 100";
    EXPECT_EQ(docker->cpu_quota, 50'000U);
    EXPECT_EQ(docker->cpu_period, 100'000U);
    EXPECT_EQ(docker->cpu_mask, "0");
    EXPECT_EQ(docker->memory_limit, 268435456U);
    EXPECT_EQ(docker->memory_reservation, 67108864U);
    EXPECT_EQ(docker->swap_limit, 0U);
    EXPECT_EQ(docker->processes_limit, 50U);
    EXPECT_TRUE(docker->has_cpu && docker->has_memory && docker->has_io && docker->has_processes);

    const auto pod = open(tree, pod_v2).blocking_limits();
    ASSERT_TRUE(pod) << pod.error();
    EXPECT_EQ(pod->memory_limit, cgroup_limits::unlimited);
    EXPECT_EQ(pod->swap_limit, cgroup_limits::unlimited);
    EXPECT_EQ(pod->cpu_quota, std::nullopt);
    EXPECT_EQ(pod->cpu_mask, "0-1");
    EXPECT_EQ(pod->cpu_shares, 1024U);
}

// The root of v2 has no memory.current; its limits are the machine's.
TEST(CgroupReader, TheRootOfVersionTwoIsTheMachine)
{
    cgroup_reader reader = open(tree_of(node_v2), "/");
    const auto figures = reader.blocking_read();
    ASSERT_TRUE(figures) << figures.error();
    ASSERT_TRUE(figures->memory);
    EXPECT_EQ(figures->memory->usage, (996344U - 937880U) * 1024U) << "MemTotal without MemFree";
    EXPECT_EQ(figures->memory->swap, 0U);
    ASSERT_TRUE(figures->cpu);
    EXPECT_EQ(figures->cpu->total, 17000000000U);
    EXPECT_FALSE(figures->processes);

    const auto limits = reader.blocking_limits();
    ASSERT_TRUE(limits) << limits.error();
    EXPECT_EQ(limits->memory_limit % 1024, 0U);
    EXPECT_GT(limits->memory_limit, 900'000'000U);
    EXPECT_EQ(limits->swap_limit, 0U);
    EXPECT_EQ(limits->cpu_shares, 0U);
    EXPECT_FALSE(limits->has_processes);
    EXPECT_TRUE(limits->has_memory);
}

TEST(CgroupReader, ReadsAContainerOfVersionOne)
{
    cgroup_reader reader = open(tree_of(node_v1), "/docker/" + read_id);
    const auto figures = reader.blocking_read();
    ASSERT_TRUE(figures) << figures.error();
    ASSERT_TRUE(figures->cpu);
    EXPECT_EQ(figures->cpu->per_cpu, (std::vector<std::uint64_t>{9950405522U, 1156000U}));
    EXPECT_EQ(figures->cpu->total, 9951561522U);
    EXPECT_EQ(figures->cpu->user, 5'390'000'000U);
    EXPECT_EQ(figures->cpu->throttled_time, 9706945065U);
    ASSERT_TRUE(figures->memory);
    EXPECT_EQ(figures->memory->usage, 32509952U);
    EXPECT_EQ(figures->memory->working_set, 32509952U - 32006144U);
    EXPECT_EQ(figures->memory->max_usage, 253009920U);
    EXPECT_EQ(figures->memory->kernel, 106496U);
    ASSERT_TRUE(figures->processes);
    EXPECT_EQ(figures->processes->threads_max, 50U);
    EXPECT_FALSE(figures->pressures);
    // The scheduler counts, throttling does not: its zeros are not taken.
    ASSERT_TRUE(figures->io);
    ASSERT_EQ(figures->io->size(), 2U);
    EXPECT_EQ(figures->io->front().list, io_list::service_bytes);
    EXPECT_EQ(figures->io->front().value[static_cast<std::size_t>(io_operation::write)], 63163392U);
    EXPECT_EQ(figures->io->back().value[static_cast<std::size_t>(io_operation::total)], 368U);
}

TEST(CgroupReader, ReadsTheLimitsOfVersionOne)
{
    const auto tree = tree_of(node_v1);
    const auto docker = open(tree, "/docker/" + read_id).blocking_limits();
    ASSERT_TRUE(docker) << docker.error();
    EXPECT_EQ(docker->cpu_shares, 512U);
    EXPECT_EQ(docker->cpu_quota, 50'000U);
    EXPECT_EQ(docker->cpu_mask, "0");
    EXPECT_EQ(docker->memory_limit, 268435456U);
    EXPECT_EQ(docker->memory_reservation, 67108864U);
    EXPECT_EQ(docker->swap_limit, 9223372036854771712U);
    EXPECT_EQ(docker->processes_limit, 50U);
    EXPECT_TRUE(docker->has_cpu && docker->has_memory && docker->has_io && docker->has_processes);

    const auto root = open(tree, "/").blocking_limits();
    ASSERT_TRUE(root) << root.error();
    EXPECT_EQ(root->cpu_shares, 1024U);
    EXPECT_EQ(root->cpu_quota, std::nullopt);  // the file says -1
    EXPECT_EQ(root->cpu_mask, "0-1");
    EXPECT_LT(root->memory_limit, 2'000'000'000U);
    EXPECT_FALSE(root->has_processes);
}

TEST(CgroupReader, FallsBackToWhatThrottlingCounts)
{
    const temporary_root root;
    root.write("/proc/1/mountinfo", "29 26 0:26 / /blkio rw - cgroup cgroup rw,blkio\n");
    root.write("/blkio/a/blkio.bfq.io_serviced_recursive", "Total 0\n");
    root.write("/blkio/a/blkio.throttle.io_serviced", "254:0 Read 3\n254:0 Total 3\nTotal 3\n");
    root.write("/blkio/a/blkio.throttle.io_service_bytes", "254:0 Read 4096\nTotal 4096\n");
    root.write("/blkio/b/blkio.io_serviced_recursive", "8:0 Read 5\nTotal 5\n");
    root.write("/blkio/b/blkio.sectors_recursive", "8:0 40\n");
    root.write("/blkio/b/blkio.throttle.io_serviced", "8:0 Read 9\nTotal 9\n");
    const auto tree = tree_of(root.path());

    const auto throttled = open(tree, "/a").blocking_read();
    ASSERT_TRUE(throttled && throttled->io);
    ASSERT_EQ(throttled->io->size(), 2U);
    EXPECT_EQ(throttled->io->front().value[static_cast<std::size_t>(io_operation::read)], 4096U);
    const auto scheduled = open(tree, "/b").blocking_read();
    ASSERT_TRUE(scheduled && scheduled->io);
    ASSERT_EQ(scheduled->io->size(), 2U);
    EXPECT_EQ(scheduled->io->front().value[static_cast<std::size_t>(io_operation::read)], 5U);
    EXPECT_EQ(scheduled->io->back().list, io_list::sectors);
    EXPECT_EQ(open(tree, "/").blocking_read()->io, io_usage());
}

TEST(CgroupReader, RootSwapIsWhatIsNotFree)
{
    const temporary_root root;
    root.write("/proc/1/mountinfo", "26 23 0:23 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    root.write("/proc/meminfo", "MemTotal: 100 kB\nSwapTotal: 10 kB\nSwapFree: 4 kB\n");
    root.write("/sys/fs/cgroup/memory.stat", "anon 1\nfile 2\n");
    const auto figures = open(tree_of(root.path()), "/").blocking_read();
    ASSERT_TRUE(figures && figures->memory);
    EXPECT_EQ(figures->memory->usage, 3U);
    EXPECT_EQ(figures->memory->swap, 6U * 1024);
}

TEST(CgroupReader, FilesThatAreMissingAreFiguresThatAreNot)
{
    const temporary_root root;
    root.write("/proc/1/mountinfo", "26 23 0:23 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    root.write("/sys/fs/cgroup/a/cpu.stat", "usage_usec 5\n");
    root.write("/sys/fs/cgroup/b/memory.current", "7\n");
    root.write("/sys/fs/cgroup/b/cpu.pressure", "");
    const auto tree = tree_of(root.path());

    const auto a = open(tree, "/a").blocking_read();
    ASSERT_TRUE(a);
    EXPECT_TRUE(a->cpu);
    EXPECT_FALSE(a->memory || a->io || a->processes || a->pressures);
    const auto b = open(tree, "/b").blocking_read();
    ASSERT_TRUE(b && b->memory);
    EXPECT_EQ(b->memory->usage, 7U);
    EXPECT_EQ(b->memory->working_set, 7U);
    EXPECT_FALSE(b->cpu);
    const auto limits = open(tree, "/a").blocking_limits();
    ASSERT_TRUE(limits);
    EXPECT_FALSE(limits->has_memory || limits->has_processes);
}

TEST(CgroupReader, ARemovedCgroupIsGoneWhateverComesAfterIt)
{
    for (const std::size_t kept : {std::size_t{0}, cgroup_tree::kept_file_limit}) {
        const temporary_root root;
        root.write("/proc/1/mountinfo", "26 23 0:23 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        root.write("/sys/fs/cgroup/a/cpu.stat", "usage_usec 5\n");
        const auto tree = tree_of(root.path(), kept);
        cgroup_reader reader = open(tree, "/a");
        ASSERT_TRUE(reader.blocking_read());

        std::filesystem::rename(root.path() + "/sys/fs/cgroup/a", root.path() + "/sys/fs/cgroup/b");
        const error gone(failure::gone, "cgroup /a: it was removed");
        EXPECT_EQ(reader.blocking_read().error(), gone);
        EXPECT_EQ(reader.blocking_limits().error(), gone);
        EXPECT_EQ(reader.blocking_processes().error(), gone);

        root.write("/sys/fs/cgroup/a/cpu.stat", "usage_usec 6\n");
        EXPECT_EQ(reader.blocking_read().error(), gone);
        EXPECT_TRUE(open(tree, "/a").blocking_read());
    }
}

TEST(CgroupReader, NamesWhatIsNoCgroup)
{
    const auto tree = tree_of(node_v2);
    const auto missing = cgroup_reader::blocking_open(tree, "/docker");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error(), error(failure::gone, "cgroup /docker: no such cgroup"));
    for (const std::string& path : {std::string(), std::string("docker"), std::string("/.."), std::string("/a/../.."),
                                    std::string("/system.slice/../.."), std::string("/a\0b", 4)}) {
        const auto wrong = cgroup_reader::blocking_open(tree, path);
        ASSERT_FALSE(wrong) << path;
        EXPECT_EQ(wrong.error().kind(), failure::invalid) << path;
    }
    const auto file = cgroup_reader::blocking_open(tree, "/cpu.stat");
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().kind(), failure::gone);
}

TEST(CgroupReader, ATextLongerThanTheBufferIsReadToItsEnd)
{
    const temporary_root root;
    root.write("/proc/1/mountinfo", "26 23 0:23 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    std::string io;
    for (int i = 0; i < 2000; ++i) io += "8:" + std::to_string(i) + " rbytes=1\n";
    std::string processes;
    for (int i = 1; i <= 5000; ++i) processes += std::to_string(i) + "\n";
    root.write("/sys/fs/cgroup/a/io.stat", io);
    root.write("/sys/fs/cgroup/a/cgroup.procs", processes);
    cgroup_reader reader = open(tree_of(root.path()), "/a");
    const auto figures = reader.blocking_read();
    ASSERT_TRUE(figures && figures->io);
    EXPECT_EQ(figures->io->size(), 2000U);
    EXPECT_EQ(reader.blocking_processes()->size(), 5000U);
    EXPECT_EQ(reader.blocking_processes(3)->size(), 3U);
}

TEST(CgroupTree, KeepsNoMoreFilesOpenThanItMay)
{
    const auto open_files = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); };
    const auto tree = tree_of(node_v2, 5);
    const auto before = open_files();
    {
        cgroup_reader first = open(tree, docker_v2);
        EXPECT_TRUE(first.blocking_read());
        EXPECT_EQ(open_files(), before + 5);
        cgroup_reader second = open(tree, pod_v2);
        EXPECT_TRUE(second.blocking_read());
        EXPECT_EQ(open_files(), before + 5);
    }
    EXPECT_EQ(open_files(), before);
    cgroup_reader third = open(tree, docker_v2);
    EXPECT_TRUE(third.blocking_read());
    EXPECT_EQ(open_files(), before + 5);
}

TEST(CgroupTree, SaysWhyItCannotBeOpened)
{
    EXPECT_EQ(cgroup_tree::blocking_open(cgroup_layout()).error().message(), "cgroups: none are mounted on this node");
    cgroup_layout layout;
    layout.hierarchies = {"/nonexistent"};
    EXPECT_EQ(cgroup_tree::blocking_open(layout).error(),
              error(failure::unavailable, "cgroups: open /nonexistent: No such file or directory"));
}

// It has lists of its own in every cgroup, which are empty while it is in charge of no disk.
TEST(CgroupReader, ShowsWhatBfqCountsWhereItIsInChargeOfADisk)
{
    const temporary_root node;
    node.write("/proc/1/mountinfo", "26 23 0:23 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio\n");
    const std::string root = "/sys/fs/cgroup/blkio";
    const std::string list = "/blkio.bfq.io_serviced_recursive";
    node.write(root + list, "Total 0\n");
    node.write(root + "/a" + list, "Total 0\n");
    node.write(root + "/a/blkio.throttle.io_serviced", "8:0 Read 1\n8:0 Write 2\nTotal 3\n");
    const auto tree = tree_of(node.path());
    cgroup_reader reader = open(tree, "/a");
    const auto reads = [&]() -> std::uint64_t {
        tree->blocking_begin_pass();
        const auto figures = reader.blocking_read();
        if (!figures || !figures->io || figures->io->size() != 1) return 0;
        return figures->io->front().value.at(static_cast<std::size_t>(io_operation::read));
    };
    EXPECT_EQ(reads(), 1U);
    node.write(root + list, "8:0 Read 9\n8:0 Write 9\nTotal 18\n");
    node.write(root + "/a" + list, "8:0 Read 5\n8:0 Write 6\nTotal 11\n");
    EXPECT_EQ(reads(), 5U);
    node.write(root + list, "Total 0\n");
    EXPECT_EQ(reads(), 1U);
}
