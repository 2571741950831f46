#include "collectors/host/disk/disk_usage.hpp"
#include "tests/support/own_mounts.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdio>  // renameat2
#include <thread>

#include <fcntl.h>
#include <linux/capability.h>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::captured;
using nodescope::testing::child_verdict;
using nodescope::testing::in_own_mounts;
using nodescope::testing::temporary_root;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const std::string measured_id = "8fed049dc1fadb6c40b231cdcc2d354904ebd02a41dcf2e2ea909b06b1674773";
const abandon_flag nobody;
deadline minute() { return deadline::in(minutes(1)); }

std::uint64_t blocks_of(const std::string& path)
{
    struct stat status = {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

docker_storage storage_of(const std::string& driver)
{
    docker_storage storage;
    storage.root = "/var/lib/docker";
    storage.driver = driver;
    return storage;
}

}  // namespace

TEST(TreeUsage, CountsBlocksOfEverythingOnce)
{
    const temporary_root root;
    root.write("/t/a", std::string(100'000, 'x'));
    root.write("/t/below/b", std::string(5000, 'x'));
    root.link("/t/link", "/etc");
    std::filesystem::create_hard_link(root.path() + "/t/a", root.path() + "/t/below/same");
    root.write("/outside", std::string(100'000, 'x'));
    std::filesystem::create_hard_link(root.path() + "/outside", root.path() + "/t/shared");

    const auto usage = blocking_tree_usage({"/", root.path() + "/t"}, minute(), nobody);
    ASSERT_TRUE(usage) << usage.error();
    std::uint64_t expected = 0;
    for (const char* path : {"/t", "/t/a", "/t/below", "/t/below/b", "/t/link", "/t/shared"}) {
        expected += blocks_of(root.path() + path);
    }
    EXPECT_EQ(usage->bytes, expected);
    EXPECT_EQ(usage->inodes, 6U);
    EXPECT_FALSE(usage->truncated);
}

TEST(TreeUsage, StaysOnItsFileSystem)
{
    const temporary_root root;
    root.write("/t/mount/hidden", "x");
    const auto verdict = in_own_mounts([&] {
        if (::mount("tmpfs", (root.path() + "/t/mount").c_str(), "tmpfs", 0, nullptr) != 0) return false;
        root.write("/t/mount/file", std::string(10'000, 'x'));
        const auto usage = blocking_tree_usage({"/", root.path() + "/t"}, minute(), nobody);
        return usage && usage->inodes == 1;
    });
    if (verdict == child_verdict::impossible) GTEST_SKIP() << "needs the right to make a mount namespace";
    EXPECT_EQ(verdict, child_verdict::good);
}

TEST(TreeUsage, EndsAtItsLimits)
{
    const temporary_root root;
    for (int i = 0; i < 600; ++i) root.write("/t/" + std::to_string(i), "");
    const auto cut = blocking_tree_usage({"/", root.path() + "/t"}, minute(), nobody, {10, 10});
    ASSERT_TRUE(cut);
    EXPECT_TRUE(cut->truncated);
    EXPECT_EQ(cut->inodes, 10U);

    const auto late = blocking_tree_usage({"/", root.path() + "/t"}, deadline::in({}), nobody);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind(), failure::timed_out);
    abandon_flag raised;
    raised.raise();
    EXPECT_EQ(blocking_tree_usage({"/", root.path() + "/t"}, minute(), raised).error().kind(), failure::cancelled);
    EXPECT_EQ(blocking_tree_usage({"/", root.path() + "/none"}, minute(), nobody).error(),
              error(failure::gone, "disk usage: open " + root.path() + "/none: No such file or directory"));
    root.link("/link", "t");
    EXPECT_FALSE(blocking_tree_usage({"/", root.path() + "/link"}, minute(), nobody));

    std::string deep = "/d";
    for (int i = 0; i < 300; ++i) deep += "/d";
    std::filesystem::create_directories(root.path() + deep);
    for (int i = 0; i < 20; ++i) root.write("/d/beside" + std::to_string(i), "");
    const auto cut_deep = blocking_tree_usage({"/", root.path() + "/d"}, minute(), nobody);
    ASSERT_TRUE(cut_deep);
    EXPECT_TRUE(cut_deep->truncated);
    EXPECT_EQ(cut_deep->inodes, 257U + 20) << "what is not too deep counts, in whatever order it comes";
}

// Links are what a walk has to remember.
TEST(TreeUsage, TellsSoManyLinksApart)
{
    const temporary_root root;
    for (const char* name : {"/t/a", "/t/b", "/t/c"}) {
        root.write(name, "x");
        std::filesystem::create_hard_link(root.path() + name, root.path() + name + "-again");
    }
    const auto two = blocking_tree_usage({"/", root.path() + "/t"}, minute(), nobody, {100, 2});
    ASSERT_TRUE(two);
    EXPECT_TRUE(two->truncated);
    EXPECT_EQ(two->inodes, 3U);
    const auto all = blocking_tree_usage({"/", root.path() + "/t"}, minute(), nobody, {100, 3});
    EXPECT_FALSE(all->truncated);
    EXPECT_EQ(all->inodes, 4U);
}

TEST(TreeUsage, SaysWhatItMayNotRead)
{
    const temporary_root root;
    root.write("/t/mine", "x");
    root.write("/t/hidden/file", "x");
    ASSERT_EQ(::chmod((root.path() + "/t/hidden").c_str(), 0700), 0);
    if (::chown((root.path() + "/t/hidden").c_str(), 12345, 12345) != 0) GTEST_SKIP() << "needs root";
    const auto whole = blocking_tree_usage({"/", root.path() + "/t"}, minute(), nobody);
    EXPECT_FALSE(whole->denied);
    EXPECT_EQ(whole->inodes, 4U);
    EXPECT_GT(whole->capacity, 0U);
    docker_storage storage = storage_of("overlay2");
    storage.upper_directory = "/t/hidden/below";
    const auto verdict = in_own_mounts([&] {
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        std::array<__user_cap_data_struct, 2> none{};
        if (::syscall(SYS_capset, &header, none.data()) != 0) return false;
        const auto part = blocking_tree_usage({"/", root.path() + "/t"}, minute(), nobody);
        const auto layer = blocking_find_layer(root.path(), storage, measured_id);
        return part && part->denied && part->inodes == 3 && !layer && layer.error().kind() == failure::denied;
    });
    if (verdict == child_verdict::impossible) GTEST_SKIP() << "needs the right to make a mount namespace";
    EXPECT_EQ(verdict, child_verdict::good);
}

// A container can put a link in the place of a directory between two looks at it.
TEST(TreeUsage, IsNotLedAstrayWhileItWalks)
{
    const temporary_root root;
    for (int i = 0; i < 100; ++i) root.write("/outside/" + std::to_string(i), "x");
    for (int i = 0; i < 20; ++i) {
        root.write("/t/" + std::to_string(i) + "/file", "x");
        root.link("/links/" + std::to_string(i), "../outside");
    }
    std::atomic<bool> stop{false};
    std::thread container([&] {
        while (!stop) {
            for (int i = 0; i < 20; ++i) {
                const std::string name = std::to_string(i);
                const std::string here = root.path() + "/t/" + name;
                const std::string there = root.path() + "/links/" + name;
                ::renameat2(AT_FDCWD, here.c_str(), AT_FDCWD, there.c_str(), RENAME_EXCHANGE);
            }
        }
    });
    std::uint64_t most = 0;
    for (int walk = 0; walk < 2000; ++walk) {
        const auto usage = blocking_tree_usage({"/", root.path() + "/t"}, minute(), nobody);
        if (usage) most = std::max(most, usage->inodes);
    }
    stop = true;
    container.join();
    EXPECT_GE(most, 21U);
    EXPECT_LE(most, 41U) << "something from outside was counted";
}

TEST(TreeUsage, OfWhatIsBeingRemoved)
{
    const temporary_root root;
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 100; ++i) root.write("/t/" + std::to_string(i % 10) + "/" + std::to_string(i), "x");
        std::thread docker([&] { std::filesystem::remove_all(root.path() + "/t"); });
        const auto usage = blocking_tree_usage({"/", root.path() + "/t"}, minute(), nobody);
        docker.join();
        if (usage) EXPECT_LE(usage->inodes, 111U);
        else EXPECT_EQ(usage.error().kind(), failure::gone) << usage.error();
    }
}

TEST(FindLayer, ByTheIdOfTheReadWriteLayer)
{
    const temporary_root root;
    root.write("/var/lib/docker/image/overlay2/layerdb/mounts/" + measured_id + "/mount-id", "9a7ab98a");
    root.write("/var/lib/docker/overlay2/9a7ab98a/diff/file", "x");
    root.write("/var/lib/docker/image/aufs/layerdb/mounts/" + measured_id + "/mount-id", "77-init");
    root.write("/var/lib/docker/aufs/diff/77-init/file", "x");
    const auto overlay = blocking_find_layer(root.path(), storage_of("overlay2"), measured_id);
    ASSERT_TRUE(overlay) << overlay.error();
    EXPECT_EQ(*overlay, "/var/lib/docker/overlay2/9a7ab98a/diff");
    EXPECT_EQ(*blocking_find_layer(root.path(), storage_of("aufs"), measured_id), "/var/lib/docker/aufs/diff/77-init");

    docker_storage said = storage_of("overlay2");
    said.upper_directory = "/var/lib/docker/aufs/diff/77-init";
    EXPECT_EQ(*blocking_find_layer(root.path(), said, measured_id), said.upper_directory);
    said.upper_directory = "/gone";  // falls back
    EXPECT_EQ(*blocking_find_layer(root.path(), said, measured_id), *overlay);
}

TEST(FindLayer, LeadsNowhereElse)
{
    const temporary_root root;
    root.write("/secret/diff/file", "x");
    root.write("/var/lib/docker/overlay2/x/diff", "");
    root.write("/var/lib/docker/image/overlay2/layerdb/mounts/" + measured_id + "/mount-id", "../../../../secret");
    docker_storage storage = storage_of("overlay2");
    storage.upper_directory = "/var/../secret";
    const auto layer = blocking_find_layer(root.path(), storage, measured_id);
    ASSERT_FALSE(layer);
    EXPECT_EQ(layer.error(), error(failure::gone, "disk usage of container " + measured_id +
                                                      ": its read-write layer is not found (storage driver overlay2, "
                                                      "below /var/lib/docker)"));
    EXPECT_FALSE(blocking_find_layer(root.path(), storage, ".."));
    EXPECT_FALSE(blocking_find_layer(root.path(), storage, ""));
}

// The containerd image store has no layerdb, and Docker names no directory.
TEST(FindLayer, ByTheContainersOverlayMount)
{
    const std::string line = "60 42 0:50 / /var/lib/docker/rootfs/overlayfs/" + measured_id +
                             " rw - overlay overlay rw,lowerdir=/a:/b,upperdir=/var/lib/containerd/snapshots/7/fs,"
                             "workdir=/var/lib/containerd/snapshots/7/work\n";
    EXPECT_EQ(upper_directory_of(line, measured_id), "/var/lib/containerd/snapshots/7/fs");
    EXPECT_EQ(upper_directory_of(line, "9" + measured_id.substr(1)), "");
    EXPECT_EQ(upper_directory_of(line, ""), "");
    EXPECT_EQ(upper_directory_of(captured("mountinfo_v1"), "merged"),
              "/var/lib/docker/overlay2/9a7ab98a08fdd7fb5aecab886cca28ce309c9ec13350440e98b6323a5b10e1e0/diff");
    for (std::size_t length = 0; length < line.size(); ++length) {
        EXPECT_TRUE(std::string_view("/var/lib/containerd/snapshots/7/fs")
                        .starts_with(upper_directory_of(line.substr(0, length), measured_id)));
    }

    const temporary_root root;
    root.write("/proc/1/mountinfo", line);
    root.write("/var/lib/containerd/snapshots/7/fs/file", "x");
    const auto layer = blocking_find_layer(root.path(), storage_of("overlayfs"), measured_id);
    ASSERT_TRUE(layer) << layer.error();
    EXPECT_EQ(*layer, "/var/lib/containerd/snapshots/7/fs");
}

TEST(ContainerDiskUsage, IsTheLayerAndDockersOwnFiles)
{
    const temporary_root root;
    root.write("/var/lib/docker/image/overlay2/layerdb/mounts/" + measured_id + "/mount-id", "9a7a");
    root.write("/var/lib/docker/overlay2/9a7a/diff/file", std::string(50'000, 'x'));
    const auto without =
        blocking_container_disk_usage(root.path(), storage_of("overlay2"), measured_id, minute(), nobody);
    ASSERT_TRUE(without) << without.error();
    EXPECT_EQ(without->bytes, without->layer.bytes);
    EXPECT_EQ(without->layer.inodes, 2U);

    root.write("/var/lib/docker/containers/" + measured_id + "/" + measured_id + "-json.log", std::string(20'000, 'x'));
    const auto usage =
        blocking_container_disk_usage(root.path(), storage_of("overlay2"), measured_id, minute(), nobody);
    ASSERT_TRUE(usage) << usage.error();
    const std::string own = root.path() + "/var/lib/docker/containers/" + measured_id;
    EXPECT_EQ(usage->bytes, usage->layer.bytes + blocks_of(own) + blocks_of(own + "/" + measured_id + "-json.log"));
}

TEST(DiskUsagePause, GrowsWithTheTreeAndWithFailures)
{
    EXPECT_EQ(disk_usage_pause(seconds(1), false, {}), minutes(1));
    EXPECT_EQ(disk_usage_pause(seconds(6), false, minutes(1)), minutes(5));
    EXPECT_EQ(disk_usage_pause(minutes(10), false, minutes(1)), minutes(20));
    EXPECT_EQ(disk_usage_pause({}, true, minutes(1)), minutes(2));
    EXPECT_EQ(disk_usage_pause(seconds(6), true, minutes(1)), minutes(5)) << "what is too big to be walked costs most";
    EXPECT_EQ(disk_usage_pause({}, true, {}), minutes(1));
    EXPECT_EQ(disk_usage_pause({}, true, minutes(20)), minutes(20));
}
