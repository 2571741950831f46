#include "collectors/host/disk/filesystems.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/own_mounts.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::captured;
using nodescope::testing::child_verdict;
using nodescope::testing::in_own_mounts;
using nodescope::testing::run_task;
using nodescope::testing::temporary_root;

namespace {

using measurement = std::shared_ptr<const node_filesystems>;

std::vector<std::string> devices(const std::vector<node_mount>& mounts)
{
    std::vector<std::string> names;
    names.reserve(mounts.size());
    for (const auto& mount : mounts) names.push_back(mount.device);
    return names;
}

deadline a_minute() { return deadline::in(std::chrono::minutes(1)); }

// A line of mountinfo for `path` below the root, with the device number it really has.
std::string mount_line_of(const std::string& root, const std::string& path, const std::string& rest)
{
    struct stat status = {};
    EXPECT_EQ(::stat((root + path).c_str(), &status), 0);
    return fmt::format("1 1 {}:{} / {} rw - {} rw\n", gnu_dev_major(status.st_dev), gnu_dev_minor(status.st_dev), path,
                       rest);
}

bool expect(bool condition, const char* what)
{
    if (!condition) std::cerr << "not as expected: " << what << '\n';
    return condition;
}

}  // namespace

// The devices are those cAdvisor 0.35 lists on the same node.
TEST(NodeMounts, AreTheFilesystemsOfTheNode)
{
    const auto mounts = parse_node_mounts(captured("mountinfo_v1"));
    EXPECT_EQ(devices(mounts), (std::vector<std::string>{"/dev/shm", "/dev/vda", "/sys/fs/cgroup"}));
    EXPECT_EQ(mounts[1].mountpoint, "/");
    EXPECT_EQ(mounts[1].type, "ext4");
    EXPECT_EQ(mounts[1].major, 254U);
    EXPECT_EQ(mounts[1].minor, 0U);
}

TEST(NodeMounts, ListTheOverlayOfTheNodeAlone)
{
    EXPECT_TRUE(parse_node_mounts("1 0 0:39 / /merged rw - overlay overlay rw\n").empty());
    const std::string own = "1 0 0:77 / / rw - overlay overlay rw\n";
    EXPECT_EQ(devices(parse_node_mounts(own)), std::vector<std::string>{"overlay_0-77"});
}

TEST(NodeMounts, TheFirstMountOfASourceCountsButRootBeforeAny)
{
    const auto mounts = parse_node_mounts(
        "1 0 8:1 /a /first rw - ext4 /dev/sda1 rw\n"
        "2 0 8:1 /b /second rw - ext4 /dev/sda1 rw\n"
        "3 0 8:2 / /late rw - xfs /dev/sda2 rw\n"
        "4 0 8:2 / / rw - xfs /dev/sda2 rw\n"
        "5 0 8:2 / /later rw - xfs /dev/sda2 rw\n"
        "6 0 0:50 / /mnt/a\\040b rw - nfs4 server:/x rw\n"
        "7 0 0:51 / /sys/kernel rw - debugfs debugfs rw\n"
        "8 0 0:52 / /boot/efi rw - vfat /dev/sda3 rw\n");
    ASSERT_EQ(devices(mounts), (std::vector<std::string>{"/dev/sda1", "/dev/sda2", "/dev/sda3", "server:/x"}));
    EXPECT_EQ(mounts[0].mountpoint, "/first");
    EXPECT_EQ(mounts[1].mountpoint, "/");
    EXPECT_EQ(mounts[3].mountpoint, "/mnt/a b");
}

TEST(NodeMounts, TakesTheTmpfsThatHidesAnother)
{
    const auto mounts =
        parse_node_mounts("25 24 0:23 / /dev/shm rw - tmpfs tmpfs rw\n30 25 0:27 / /dev/shm rw - tmpfs tmpfs rw\n");
    ASSERT_EQ(mounts.size(), 1U);
    EXPECT_EQ(mounts[0].minor, 27U);
}

TEST(NodeMounts, OneTmpfsIsOneWhereverItIsMounted)
{
    const std::string pod =
        "/var/lib/kubelet/pods/11111111-2222-3333-4444-555555555555/volumes/kubernetes.io~projected/a";
    const auto mounts = parse_node_mounts(
        "30 1 0:26 / /run rw - tmpfs tmpfs rw\n"
        "31 1 0:26 /machine-id /etc/machine-id ro - tmpfs tmpfs ro\n"
        "32 1 0:26 / /var/run rw - tmpfs tmpfs rw\n"
        "33 1 0:70 / " +
        pod +
        " rw - tmpfs tmpfs rw\n"
        "34 1 0:71 / /run/containerd/io.containerd.grpc.v1.cri/sandboxes/1/shm rw - tmpfs shm rw\n"
        "35 1 0:72 / /dev/shm rw - tmpfs tmpfs rw\n");
    EXPECT_EQ(devices(mounts), (std::vector<std::string>{"/dev/shm", "/run"}));
}

TEST(NodeMounts, CountThoseOfTheNetworkAndOfRootsProcesses)
{
    std::string text;
    for (const char* const type : {"virtiofs", "9p", "bcachefs", "cifs", "ceph", "fuse.sshfs", "ext4"}) {
        text += fmt::format("40 1 0:40 / /{0} rw - {0} {0} rw\n", type);
    }
    EXPECT_EQ(parse_node_mounts(text).size(), 7U);
    text =
        "40 1 0:40 / /home/u/x rw - fuse.sshfs u@h:/ rw,user_id=1000,group_id=0\n"
        "41 1 0:41 / /mnt rw - fuse.sshfs r@h:/ rw,user_id=0,group_id=0,allow_other\n"
        "42 1 0:42 / /var/lib/lxcfs rw - fuse.lxcfs lxcfs rw,user_id=0\n"
        "43 1 0:43 / /sys/fs/fuse/connections rw - fusectl fusectl rw\n";
    EXPECT_EQ(devices(parse_node_mounts(text)), std::vector<std::string>{"r@h:/"});
    for (const char* const type : {"nfs", "nfs4", "cifs", "fuse.sshfs", "fuseblk", "9p", "virtiofs"})
        EXPECT_TRUE(is_remote_filesystem(type));
    for (const char* const type : {"ext4", "xfs", "tmpfs", "bcachefs", ""}) EXPECT_FALSE(is_remote_filesystem(type));
}

TEST(NodeMounts, ATextCutAnywhereNamesNoOtherDevice)
{
    const std::string whole = captured("mountinfo_v1");
    const std::vector<std::string> known{"/dev/shm", "/dev/vda", "/sys/fs/cgroup"};
    for (std::size_t length = 0; length <= whole.size(); ++length) {
        for (const std::string& device : devices(parse_node_mounts(whole.substr(0, length)))) {
            EXPECT_NE(std::find(known.begin(), known.end(), device), known.end()) << device;
        }
    }
    for (const std::string& text :
         {std::string(100'000, ' '), std::string(100'000, '-'), std::string("- - - - - - - -"),
          std::string("1 1 x:y / / rw - ext4 a rw\n"), std::string("1 1 1:1 / x rw - ext4 a rw\n")}) {
        EXPECT_TRUE(parse_node_mounts(text).empty());
    }
}

TEST(Diskstats, AnyKindOfDiskHasFigures)
{
    std::ifstream file(nodescope::testing::fixture_path("node_v2/proc/diskstats"));
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto disks = parse_diskstats(text);
    ASSERT_EQ(disks.size(), 1U);
    EXPECT_EQ(disks[0].name, "nvme0n1");
    EXPECT_EQ(disks[0].major, 259U);
    disk_counters expected;
    expected.reads_completed = 2260;
    expected.reads_merged = 29;
    expected.sectors_read = 139770;
    expected.read_time = 878;
    expected.writes_completed = 199;
    expected.writes_merged = 2434;
    expected.sectors_written = 140150;
    expected.write_time = 955;
    expected.io_in_progress = 0;
    expected.io_time = 892;
    expected.weighted_io_time = 1863;
    EXPECT_EQ(disks[0].counters, expected);

    for (std::size_t length = 0; length < text.size(); ++length) {
        const auto cut = parse_diskstats(text.substr(0, length));
        EXPECT_LE(cut.size(), 1U);
    }
    EXPECT_TRUE(parse_diskstats("8 0 sda 1 2 3\n8 0\nx y z\n8 0 sda 1 2 3 4 5 6 7 8 9 10 -1\n").empty());
}

TEST(DeviceNames, AreOfTheDiskOrOfTheFilesystem)
{
    node_filesystems node;
    node.disks = parse_diskstats(
        "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n253 0 dm-0 1 2 3 4 5 6 7 8 9 10 11\n"
        "104 0 cciss!c0d0 1 2 3 4 5 6 7 8 9 10 11\n");
    filesystem_usage& mounted = node.usages.emplace_back();
    mounted.device = "/dev/mapper/vg-root";
    mounted.major = 253;

    EXPECT_EQ(node.device_name(8, 0), "/dev/sda");
    EXPECT_EQ(node.device_name(253, 0), "/dev/dm-0");
    EXPECT_EQ(node.device_name(253, 0, true), "/dev/mapper/vg-root");
    EXPECT_EQ(node.device_name(104, 0), "/dev/cciss/c0d0");
    EXPECT_EQ(node.device_name(9, 9), "");
    ASSERT_NE(node.disk("/dev/sda"), nullptr);
    EXPECT_EQ(node.disk("sda"), nullptr);
    EXPECT_EQ(node.on_device(253, 0), &node.usages[0]);
    EXPECT_EQ(node.on_device(8, 0), nullptr);
}

TEST(FilesystemWatch, MeasuresWhatIsMounted)
{
    boost::asio::io_context reactor(1);
    worker_pool pool(1);
    const temporary_root root;
    root.write("/data/file", "x");
    root.write("/proc/diskstats", "");
    root.write("/proc/1/mountinfo", mount_line_of(root.path(), "/data", "ext4 /dev/fake1") +
                                        "2 2 77:77 / /data rw - ext4 /dev/hidden rw\n"
                                        "3 3 77:78 / /absent rw - ext4 /dev/absent rw\n");
    filesystem_watch watch(pool, root.path(), std::chrono::minutes(1));
    EXPECT_EQ(watch.last(), nullptr);
    const auto measured = run_task(reactor, watch.measure(a_minute()));
    ASSERT_TRUE(measured) << measured.error();
    EXPECT_EQ(watch.last(), *measured);
    ASSERT_EQ((*measured)->usages.size(), 1U);  // what is hidden or gone is left out

    struct statvfs figures = {};
    ASSERT_EQ(::statvfs(root.path().c_str(), &figures), 0);
    const filesystem_usage& usage = (*measured)->usages[0];
    EXPECT_EQ(usage.device, "/dev/fake1");
    EXPECT_EQ(usage.mountpoint, "/data");
    EXPECT_EQ(usage.type, "vfs");
    EXPECT_EQ(usage.capacity, figures.f_blocks * figures.f_frsize);
    EXPECT_TRUE(usage.has_inodes);
    EXPECT_EQ(usage.inodes, figures.f_files);
    EXPECT_LE(usage.usage, usage.capacity);
    EXPECT_LE(usage.available, usage.capacity);
}

TEST(FilesystemWatch, TakesTheFiguresOfTheDiskByItsNumberOrItsName)
{
    boost::asio::io_context reactor(1);
    worker_pool pool(1);
    const temporary_root root;
    root.write("/data/file", "x");
    struct stat status = {};
    ASSERT_EQ(::stat(root.path().c_str(), &status), 0);
    root.write("/proc/1/mountinfo", mount_line_of(root.path(), "/data", "ext4 /dev/mapper/a"));
    root.write("/proc/diskstats", fmt::format("{} {} dm-3 77 2 3 4 5 6 7 8 9 10 11\n", gnu_dev_major(status.st_dev),
                                              gnu_dev_minor(status.st_dev)));
    filesystem_watch watch(pool, root.path(), std::chrono::minutes(1));
    const auto by_number = run_task(reactor, watch.measure(a_minute()));
    ASSERT_TRUE(by_number && (*by_number)->usages.size() == 1);
    EXPECT_EQ((*by_number)->usages[0].disk.reads_completed, 77U);

    // btrfs: no disk has the number of its files.
    root.write("/proc/1/mountinfo", "1 1 0:44 / /data rw - btrfs /dev/sdb2 rw\n");
    root.write("/proc/diskstats", "8 18 sdb2 78 2 3 4 5 6 7 8 9 10 11\n");
    const auto by_name = run_task(reactor, watch.measure(a_minute()));
    ASSERT_TRUE(by_name && (*by_name)->usages.size() == 1);
    EXPECT_EQ((*by_name)->usages[0].disk.reads_completed, 78U);
    EXPECT_NE((*by_name)->on_device(gnu_dev_major(status.st_dev), gnu_dev_minor(status.st_dev)), nullptr);
}

TEST(FilesystemWatch, SaysWhyMountsCannotBeRead)
{
    boost::asio::io_context reactor(1);
    worker_pool pool(1);
    const temporary_root root;
    filesystem_watch watch(pool, root.path(), std::chrono::minutes(1));
    const auto measured = run_task(reactor, watch.measure(a_minute()));
    ASSERT_FALSE(measured);
    EXPECT_EQ(measured.error(),
              error(failure::gone, "read " + root.path() + "/proc/1/mountinfo: No such file or directory"));
}

// Later mounts appear, gone ones leave.
TEST(FilesystemWatch, FollowsMounts)
{
    const temporary_root place;
    const auto verdict = in_own_mounts([&] {
        boost::asio::io_context reactor(1);
        worker_pool pool(1);
        filesystem_watch watch(pool, "/", std::chrono::minutes(1));
        const auto has = [&] {
            const auto measured = run_task(reactor, watch.measure(a_minute()));
            if (!measured) throw std::runtime_error(measured.error().message());
            const auto& usages = (*measured)->usages;
            return std::any_of(usages.begin(), usages.end(),
                               [&](const auto& usage) { return usage.device == place.path(); });
        };
        bool good = expect(!has(), "no mount yet");
        good = expect(::mount("tmpfs", place.path().c_str(), "tmpfs", 0, "size=64k") == 0, "mount") && good;
        good = expect(has(), "the new mount is listed") && good;
        good = expect(has(), "and again") && good;
        good = expect(::umount(place.path().c_str()) == 0, "umount") && good;
        return expect(!has(), "the gone mount is left out") && good;
    });
    if (verdict == child_verdict::impossible) GTEST_SKIP() << "needs the right to make a mount namespace";
    EXPECT_EQ(verdict, child_verdict::good);
}

// A FUSE file system whose daemon says nothing hangs as a dead NFS server does.
TEST(FilesystemWatch, AHungNetworkFilesystemHoldsUpNobody)
{
    const temporary_root root;
    root.write("/data/file", "x");
    root.write("/hung/file", "x");
    const std::string data = mount_line_of(root.path(), "/data", "ext4 /dev/fake1");
    root.write("/proc/1/mountinfo", data + "9 9 0:99 / /hung rw - nfs4 server:/export rw\n");
    const auto verdict = in_own_mounts([&] {
        const int daemon = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
        const std::string options = fmt::format("fd={},rootmode=40000,user_id=0,group_id=0", daemon);
        if (daemon < 0 || ::mount("hung", (root.path() + "/hung").c_str(), "fuse", 0, options.c_str()) != 0) {
            throw std::runtime_error("no FUSE here");
        }
        boost::asio::io_context reactor(1);
        worker_pool pool(1);
        // Less time than network_limit: the asker gets its answer nevertheless.
        filesystem_watch watch(pool, root.path(), std::chrono::minutes(1));
        bool good = true;
        for (int i = 0; i < 2; ++i) {
            const auto measured = run_task(reactor, watch.measure(deadline::in(std::chrono::seconds(1))));
            if (!measured) throw std::runtime_error(measured.error().message());
            good = expect((*measured)->usages.size() == 1, "the disk is measured") && good;
            good = expect((*measured)->unanswered == std::vector<std::string>{"/hung"}, "the server is named") && good;
            good = expect(watch.busy(), "the thread of its own hangs") && good;
        }
        ::close(daemon);  // the kernel ends what waits for it
        return good;
    });
    if (verdict == child_verdict::impossible) GTEST_SKIP() << "needs the right to make a mount namespace";
    EXPECT_EQ(verdict, child_verdict::good);
}
