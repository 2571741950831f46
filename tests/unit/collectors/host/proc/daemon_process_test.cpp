#include "collectors/host/proc/daemon_process.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::temporary_root;

namespace {

constexpr pid_t pid = 17209;

void add_dockerd(const temporary_root& root)
{
    root.write("/proc/17209/stat", "17209 (dockerd) S 1");
    root.write("/proc/17209/comm", "dockerd\n");
    root.write("/proc/17209/status", "Name:\tdockerd\nNSpid:\t17209\n");
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
    EXPECT_EQ(found->pid(), pid);
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
    EXPECT_EQ(found->pid(), pid);
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
