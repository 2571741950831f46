#include "collectors/host/disk/pod_volumes.hpp"
#include "tests/support/own_mounts.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/mount.h>

namespace nodescope::host {
namespace {

using nodescope::testing::child_verdict;
using nodescope::testing::in_own_mounts;
using nodescope::testing::temporary_root;

const abandon_flag nobody;
const std::string uid = "0a1b2c3d-1111-2222-3333-444455556666";
const std::string folder = "/var/lib/kubelet/pods/" + uid + "/volumes";

deadline minute() { return deadline::in(std::chrono::minutes(1)); }

result<pod_volumes> volumes_of(const std::string& root, std::string_view of = uid)
{
    return blocking_pod_volumes(root, of, minute(), nobody);
}

TEST(PodVolumes, AreTheEmptyDirsOfThePod)
{
    const temporary_root root;
    root.write(folder + "/kubernetes.io~empty-dir/scratch/a/file", std::string(10'000, 'x'));
    root.write(folder + "/kubernetes.io~empty-dir/cache/file", "x");
    root.write(folder + "/kubernetes.io~configmap/config/file", "x");
    root.write(folder + "/kubernetes.io~projected/token/file", "x");
    root.write(folder + "/kubernetes.io~csi/unmounted/vol_data.json", "{}");
    root.link(folder + "/kubernetes.io~empty-dir/elsewhere", "/etc");
    const auto got = volumes_of(root.path());
    ASSERT_TRUE(got) << got.error();
    ASSERT_EQ(got->volumes.size(), 2U);
    EXPECT_EQ(got->volumes[0].device, "cache");
    EXPECT_EQ(got->volumes[0].type, "empty-dir");
    EXPECT_EQ(got->volumes[0].inodes, 2U);
    EXPECT_EQ(got->volumes[1].device, "scratch");
    EXPECT_EQ(got->volumes[1].inodes, 3U);
    EXPECT_GE(got->volumes[1].usage, 10'000U);
    EXPECT_GT(got->volumes[1].capacity, got->volumes[1].usage);
    EXPECT_FALSE(got->truncated);
}

TEST(PodVolumes, HaveTheFiguresOfTheirOwnFilesystem)
{
    const auto verdict = in_own_mounts([] {
        const std::string volume = folder + "/kubernetes.io~csi/data/mount";
        if (::mount("tmpfs", "/var/lib", "tmpfs", 0, nullptr) != 0) return false;
        std::filesystem::create_directories(volume);
        std::filesystem::create_directories(folder + "/kubernetes.io~csi/unmounted/mount");
        if (::mount("tmpfs", volume.c_str(), "tmpfs", 0, "size=1m,nr_inodes=100") != 0) return false;
        std::ofstream(volume + "/file") << std::string(100'000, 'x');
        const auto got = volumes_of("/");
        if (!got || got->volumes.size() != 1) return false;
        const filesystem_usage& data = got->volumes[0];
        return data.device == "data" && data.type == "csi" && data.capacity == 1U << 20U && data.usage >= 100'000 &&
               data.usage < 200'000 && data.inodes == 2;
    });
    if (verdict == child_verdict::impossible) GTEST_SKIP() << "may not make a mount namespace";
    EXPECT_EQ(verdict, child_verdict::good);
}

TEST(PodVolumes, OfNobodyElseAreFound)
{
    const temporary_root root;
    root.write(folder + "/kubernetes.io~empty-dir/cache/file", "x");
    for (const char* other : {"", "..", "../..", "0a1b2c3d/../0a1b2c3d-1111-2222-3333-444455556666", "other", "a b"}) {
        const auto got = volumes_of(root.path(), other);
        ASSERT_FALSE(got) << other;
        EXPECT_EQ(got.error().kind(), failure::gone) << got.error();
    }
}

TEST(PodVolumes, AreNoMoreThanSoMany)
{
    const temporary_root root;
    for (std::size_t at = 0; at < volume_limit + 5; ++at) {
        root.write(folder + "/kubernetes.io~empty-dir/v" + std::to_string(1000 + at) + "/f", "x");
    }
    const auto got = volumes_of(root.path());
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->volumes.size(), volume_limit);
}

TEST(PodVolumes, KeepToTheDeadline)
{
    const temporary_root root;
    root.write(folder + "/kubernetes.io~empty-dir/cache/file", "x");
    const auto too_late = blocking_pod_volumes(root.path(), uid, deadline::in({}), nobody);
    ASSERT_FALSE(too_late);
    EXPECT_EQ(too_late.error().kind(), failure::timed_out);
}

}  // namespace
}  // namespace nodescope::host
