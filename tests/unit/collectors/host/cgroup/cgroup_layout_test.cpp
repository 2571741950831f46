#include "collectors/host/cgroup/cgroup_layout.hpp"
#include "collectors/host/cgroup/cgroup_files.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include <sys/stat.h>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::captured;
using nodescope::testing::temporary_root;
using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

const std::string v2_table =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

const std::string systemd_v1_table =
    "25 22 0:22 / /sys/fs/cgroup ro,nosuid shared:4 - tmpfs tmpfs ro,mode=755\n"
    "26 25 0:23 / /sys/fs/cgroup/unified rw shared:5 - cgroup2 cgroup2 rw,nsdelegate\n"
    "27 25 0:24 / /sys/fs/cgroup/systemd rw shared:6 - cgroup cgroup rw,xattr,name=systemd\n"
    "31 25 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:7 - cgroup cgroup rw,cpu,cpuacct\n"
    "32 25 0:29 / /sys/fs/cgroup/memory rw shared:8 - cgroup cgroup rw,memory\n"
    "33 25 0:29 / /mnt/second\\040memory rw - cgroup cgroup rw,memory\n";

void make_directory(const temporary_root& root, const std::string& path)
{
    std::filesystem::create_directories(root.path() + path);
}

std::string mount_of(const cgroup_layout& layout, cgroup_controller controller)
{
    const int index = layout.hierarchy(controller);
    return index < 0 ? std::string() : layout.hierarchies.at(static_cast<std::size_t>(index));
}

}  // namespace

TEST(CgroupLayout, SeparateControllersAreVersionOne)
{
    const cgroup_layout layout = parse_cgroup_mounts(captured("mountinfo_v1"), "/");
    EXPECT_EQ(layout.version, cgroup_version::v1);
    EXPECT_EQ(layout.hierarchies.size(), 7U);
    EXPECT_EQ(mount_of(layout, cgroup_controller::cpu), "/sys/fs/cgroup/cpu");
    EXPECT_EQ(mount_of(layout, cgroup_controller::cpuacct), "/sys/fs/cgroup/cpuacct");
    EXPECT_EQ(mount_of(layout, cgroup_controller::pids), "/sys/fs/cgroup/pids");
}

// Hybrid nodes count as v1, and the first mount of a controller counts.
TEST(CgroupLayout, HybridCountsAsVersionOne)
{
    const cgroup_layout layout = parse_cgroup_mounts(systemd_v1_table, "/host/");
    EXPECT_EQ(layout.version, cgroup_version::v1);
    EXPECT_EQ(layout.hierarchies, (std::vector<std::string>{"/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/memory"}));
    EXPECT_EQ(mount_of(layout, cgroup_controller::cpu), mount_of(layout, cgroup_controller::cpuacct));
    EXPECT_EQ(mount_of(layout, cgroup_controller::memory), "/sys/fs/cgroup/memory");
    EXPECT_EQ(mount_of(layout, cgroup_controller::blkio), "");
    EXPECT_EQ(layout.pressure_mount, "/sys/fs/cgroup/unified");
    EXPECT_EQ(parse_cgroup_mounts(v2_table, "/").pressure_mount, "/sys/fs/cgroup");
    EXPECT_EQ(parse_cgroup_mounts("", "/").pressure_mount, "");
}

TEST(CgroupLayout, OneUnifiedHierarchyIsVersionTwo)
{
    const cgroup_layout layout = parse_cgroup_mounts(v2_table, "/");
    EXPECT_EQ(layout.version, cgroup_version::v2);
    EXPECT_EQ(layout.hierarchies, std::vector<std::string>{"/sys/fs/cgroup"});
    EXPECT_EQ(mount_of(layout, cgroup_controller::memory), "/sys/fs/cgroup");
    EXPECT_EQ(mount_of(layout, cgroup_controller::devices), "/sys/fs/cgroup");
}

TEST(CgroupLayout, WhatLiesOnTopDecides)
{
    EXPECT_EQ(parse_cgroup_mounts(systemd_v1_table + v2_table, "/").version, cgroup_version::v2);
    EXPECT_EQ(parse_cgroup_mounts(v2_table + systemd_v1_table, "/").version, cgroup_version::v1);
    const std::string elsewhere = "30 23 0:26 / /run/cgroup2 rw - cgroup2 none rw\n";
    EXPECT_EQ(parse_cgroup_mounts(elsewhere, "/").hierarchies, std::vector<std::string>{"/run/cgroup2"});
    EXPECT_EQ(parse_cgroup_mounts(elsewhere + systemd_v1_table, "/").version, cgroup_version::v1);
}

TEST(CgroupLayout, WithoutMountsThereIsNone)
{
    for (const std::string& text : {std::string(), std::string("\n\n"), std::string("nonsense\n"),
                                    std::string(100'000, '-'), std::string(100'000, ' ')}) {
        const cgroup_layout layout = parse_cgroup_mounts(text, "/");
        EXPECT_EQ(layout.version, cgroup_version::none);
        EXPECT_EQ(mount_of(layout, cgroup_controller::cpu), "");
    }
}

TEST(CgroupLayout, ATableCutAnywhereNamesNoOtherPlace)
{
    const std::vector<std::string> places{"/sys/fs/cgroup/unified", "/sys/fs/cgroup/cpu,cpuacct",
                                          "/sys/fs/cgroup/memory"};
    for (std::size_t length = 0; length <= systemd_v1_table.size(); ++length) {
        const cgroup_layout cut = parse_cgroup_mounts(systemd_v1_table.substr(0, length), "/");
        for (const std::string& path : cut.hierarchies) {
            EXPECT_NE(std::find(places.begin(), places.end(), path), places.end()) << path;
        }
    }
}

TEST(CgroupLayout, IsReadFromTheNodesTable)
{
    const temporary_root root;
    root.write("/proc/1/mountinfo", v2_table);
    const auto layout = blocking_read_cgroup_layout(root.path());
    ASSERT_TRUE(layout) << layout.error();
    EXPECT_EQ(layout->hierarchies, std::vector<std::string>{"/sys/fs/cgroup"});
    EXPECT_EQ(layout->root, root.path());

    const temporary_root nothing;
    const auto failed = blocking_read_cgroup_layout(nothing.path());
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind(), failure::gone);
}

TEST(CgroupCreation, IsTheOldestChangeTimeButNotBeforeBoot)
{
    const temporary_root root;
    make_directory(root, "/cpu/a");
    make_directory(root, "/memory/a");
    cgroup_layout layout;
    layout.version = cgroup_version::v1;
    layout.hierarchies = {root.path() + "/cpu", root.path() + "/memory"};
    struct stat status = {};
    ASSERT_EQ(::stat((root.path() + "/cpu/a").c_str(), &status), 0);
    const std::chrono::sys_time<nanoseconds> made(seconds(status.st_ctim.tv_sec) + nanoseconds(status.st_ctim.tv_nsec));

    const auto tree = cgroup_tree::blocking_open(layout);
    ASSERT_TRUE(tree) << tree.error();
    EXPECT_EQ((*tree)->blocking_creation_time("/a", {}), made);
    EXPECT_EQ((*tree)->blocking_creation_time("/a", made + seconds(9)), made + seconds(9));
    EXPECT_EQ((*tree)->blocking_creation_time("/b", {}), std::nullopt);
}
