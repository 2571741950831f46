#include "collectors/host/proc/daemon_process.hpp"
#include "tests/support/temporary_root.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::temporary_root;

namespace {

constexpr pid_t daemon_pid = 17209;

void add_dockerd(const temporary_root& root)
{
    root.write("/proc/17209/stat", "17209 (dockerd) S 1");
    root.write("/proc/17209/comm", "dockerd\n");
    root.write("/proc/17209/status", "Name:\tdockerd\nUid:\t0\t0\t0\t0\nNSpid:\t17209\n");
}

}  // namespace

// /var/run is an absolute link on every distribution there is.
TEST(FindDaemon, FollowsTheHostsLinksToThePidFile)
{
    const temporary_root root;
    add_dockerd(root);
    root.write("/run/docker.pid", "17209\n");
    root.link("/var/run", "/run");
    const auto found = find_daemon(root.path(), "dockerd", "/var/run/docker.pid");
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->pid(), daemon_pid);
}

TEST(FindDaemon, ReadsNoPidFileOutsideOfTheRoot)
{
    const temporary_root root;
    const temporary_root outside;
    add_dockerd(root);
    outside.write("/docker.pid", "17209\n");
    root.link("/var/run", outside.path());
    const auto found = find_daemon(root.path(), "dockerd", "/var/run/docker.pid");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error(), error(failure::gone, "no dockerd is running on this node"));
}

TEST(FindDaemon, WithoutAPidFileGoesByNameAndExecutable)
{
    const temporary_root root;
    add_dockerd(root);
    EXPECT_EQ(find_daemon(root.path(), "dockerd", "").error().kind(), failure::gone);
    root.link("/proc/17209/exe", "/usr/bin/dockerd (deleted)");
    const auto found = find_daemon(root.path(), "dockerd", "/run/docker.pid");
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->pid(), daemon_pid);
}

TEST(FindDaemon, NamesOneThatOnlyCallsItselfSo)
{
    const temporary_root root;
    add_dockerd(root);
    root.link("/proc/17209/exe", "/usr/bin/k3s\x1b[1m");
    EXPECT_EQ(find_daemon(root.path(), "dockerd", "").error(),
              error(failure::gone,
                    "no dockerd is running on this node, but process 17209 (k3s\\x1b[1m) is called so: if "
                    "that is it, name its pid file (--docker-pid-file)"));
    root.write("/run/docker.pid", "17209\n");
    EXPECT_EQ(find_daemon(root.path(), "dockerd", "/run/docker.pid")->pid(), daemon_pid);
}

TEST(FindDaemon, RefusesAPidFileThatNamesSomethingElse)
{
    const temporary_root root;
    add_dockerd(root);
    root.write("/run/docker.pid", "17209");
    EXPECT_EQ(find_daemon(root.path(), "containerd", "/run/docker.pid").error(),
              error(failure::conflict, root.path() + "/run/docker.pid names process 17209, which is no containerd"));
    root.write("/run/docker.pid", "");
    EXPECT_EQ(find_daemon(root.path(), "dockerd", "/run/docker.pid").error().kind(), failure::malformed);
}

TEST(FindDaemon, IsNoOtherUsersProcess)
{
    const temporary_root root;
    add_dockerd(root);
    root.link("/proc/17209/exe", "/usr/bin/dockerd");
    // What an attacker starts under that name.
    for (const char* mine : {"1000\t1000\t1000\t1000", "1000\t0\t0\t0", "0\t0\t0\t1000", "", "x"}) {
        root.write("/proc/18000/stat", "18000 (dockerd) S 1");
        root.write("/proc/18000/comm", "dockerd\n");
        root.write("/proc/18000/status", fmt::format("Name:\tdockerd\nUid:\t{}\nNSpid:\t18000\n", mine));
        root.link("/proc/18000/exe", "/home/mallory/dockerd");
        const auto found = find_daemon(root.path(), "dockerd", "");
        ASSERT_TRUE(found) << mine << ": " << found.error();
        EXPECT_EQ(found->pid(), daemon_pid);
        root.write("/run/docker.pid", "18000\n");
        EXPECT_EQ(find_daemon(root.path(), "dockerd", "/run/docker.pid").error(),
                  error(failure::denied, root.path() + "/run/docker.pid names process 18000, which is another user's"));
    }
}

TEST(FindDaemon, IsNoContainersProcess)
{
    const temporary_root root;
    add_dockerd(root);
    root.link("/proc/17209/exe", "/usr/bin/dockerd");
    root.write("/proc/17209/cgroup", "0::/docker/" + std::string(64, 'a') + "\n");
    EXPECT_EQ(find_daemon(root.path(), "dockerd", "").error().kind(), failure::gone);
    // We are in that container as well.
    root.write("/proc/self/cgroup", "0::/docker/" + std::string(64, 'a') + "\n");
    EXPECT_TRUE(find_daemon(root.path(), "dockerd", ""));
}

TEST(FindDaemon, BelievesNoPidFileThatOthersCanWrite)
{
    const temporary_root root;
    add_dockerd(root);
    root.write("/run/docker.pid", "17209");
    const std::string file = root.path() + "/run/docker.pid";
    using std::filesystem::perms;
    EXPECT_TRUE(find_daemon(root.path(), "dockerd", "/run/docker.pid"));
    for (const std::string& place : {file, root.path() + "/run"}) {
        const auto before = std::filesystem::status(place).permissions();
        std::filesystem::permissions(place, before | perms::others_write);
        EXPECT_EQ(find_daemon(root.path(), "dockerd", "/run/docker.pid").error(),
                  error(failure::denied, file + ": others than root can write it"));
        std::filesystem::permissions(place, before);
    }
}
