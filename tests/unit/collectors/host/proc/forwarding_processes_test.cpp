#include "collectors/host/proc/forwarding_processes.hpp"
#include "tests/support/temporary_root.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include <unistd.h>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::captured;
using nodescope::testing::temporary_root;

namespace {

constexpr uid_t root_user = 0;
constexpr uid_t somebody = 1000;

process_identity process(const std::string& name, pid_t pid, pid_t parent, uid_t user)
{
    process_identity one;
    one.name = name;
    one.pid = pid;
    one.parent = parent;
    one.user = user;
    one.enters_namespaces = user == root_user;
    return one;
}

void add(const temporary_root& root, pid_t pid, const std::string& name, const std::string& uids = "0\t0\t0\t0")
{
    const std::string folder = fmt::format("/proc/{}/", pid);
    root.write(folder + "comm", name + "\n");
    root.write(folder + "status",
               fmt::format("Name:\t{}\nPid:\t{}\nPPid:\t1\nUid:\t{}\nNSpid:\t{}\nCapEff:\t1ffffffffff\n", name, pid,
                           uids, pid));
}

std::vector<pid_t> found_by(forwarding_processes& processes, uid_t user)
{
    std::vector<pid_t> pids;
    const auto found = processes.blocking_find(user, steady_clock::now(), deadline::in(std::chrono::seconds(10)),
                                               [] { return false; });
    EXPECT_TRUE(found) << found.error();
    if (!found) return pids;
    pids.reserve(found->size());
    for (const forwarding_process& one : *found) pids.push_back(one.pid);
    return pids;
}

}  // namespace

TEST(ParseProcessIdentity, TheRealThing)
{
    const auto container = parse_process_identity(captured("status_container"));
    ASSERT_TRUE(container);
    EXPECT_EQ(container->name, "sleep");
    EXPECT_EQ(container->pid, 17209);
    EXPECT_EQ(container->parent, 17187);
    EXPECT_EQ(container->user, root_user);
    EXPECT_FALSE(container->outermost);
    EXPECT_FALSE(container->enters_namespaces);
    const auto kernel_thread = parse_process_identity(captured("status_kernel_thread"));
    ASSERT_TRUE(kernel_thread);
    EXPECT_TRUE(kernel_thread->outermost);
    EXPECT_TRUE(kernel_thread->enters_namespaces);
}

TEST(ParseProcessIdentity, WhatIsCutOrMissingIsNobody)
{
    const std::string text = captured("status_container");
    for (std::size_t length = 0; length < text.find("CapEff"); ++length) {
        EXPECT_FALSE(parse_process_identity(text.substr(0, length))) << length;
    }
    EXPECT_FALSE(parse_process_identity(""));
    EXPECT_FALSE(parse_process_identity("Name:\tx\nPid:\tx\nPPid:\t1\nUid:\t0\t0\t0\t0\nCapEff:\t0\n"));
}

TEST(ParseProcessIdentity, AUserIsOneOnlyWhereAllFourAre)
{
    for (const std::string uids : {"1000\t0\t0\t0", "0\t1000\t0\t0", "0\t0\t0\t1000", "0\t0\t0", "", "x"}) {
        const auto found = parse_process_identity("Name:\tsudo\nPid:\t7\nPPid:\t1\nUid:\t" + uids + "\nCapEff:\t0\n");
        ASSERT_TRUE(found) << uids;
        EXPECT_FALSE(found->user) << uids;
    }
}

TEST(ForwardersAmong, RuntimesAndKubelets)
{
    for (const char* const name : {"containerd", "dockerd", "crio", "podman", "kubelet", "cri-dockerd", "k3s-server"}) {
        EXPECT_EQ(forwarders_among({process(name, 7, 1, root_user)}, root_user), std::vector<std::size_t>{0}) << name;
    }
    for (const char* const name : {"", "containerd-shim", "Containerd", "containerd ", "curl", "socat", "nsenter"}) {
        EXPECT_TRUE(forwarders_among({process(name, 7, 1, root_user)}, root_user).empty()) << name;
    }
}

TEST(ForwardersAmong, AnybodysNameCountsForTheirOwnSocketsOnly)
{
    const std::vector<process_identity> all{process("containerd", 7, 1, somebody)};
    EXPECT_TRUE(forwarders_among(all, root_user).empty());
    EXPECT_EQ(forwarders_among(all, somebody), std::vector<std::size_t>{0});
}

TEST(ForwardersAmong, AContainersProcessIsNone)
{
    auto inside = process("containerd", 7, 1, root_user);
    inside.outermost = false;
    auto weak = process("containerd", 8, 1, root_user);
    weak.enters_namespaces = false;
    EXPECT_TRUE(forwarders_among({inside, weak}, root_user).empty());
}

TEST(ForwardersAmong, AForwarderBelongsToItsParent)
{
    const std::vector<process_identity> all{process("socat", 9, 7, root_user),  process("kubelet", 7, 1, root_user),
                                            process("socat", 10, 1, root_user), process("nsenter", 11, 7, root_user),
                                            process("curl", 12, 7, root_user),  process("socat", 13, 7, somebody)};
    EXPECT_EQ(forwarders_among(all, root_user), (std::vector<std::size_t>{1, 0, 3}));
}

TEST(ForwardingProcesses, AreFoundByNameAndUser)
{
    const temporary_root root;
    add(root, 1, "systemd");
    add(root, 20, "containerd");
    add(root, 21, "containerd", "1000\t1000\t1000\t1000");
    add(root, 3, "bash");
    forwarding_processes processes(root.path());
    for (int look = 0; look < 3; ++look) {
        EXPECT_EQ(found_by(processes, root_user), std::vector<pid_t>{20});
        EXPECT_EQ(found_by(processes, somebody), std::vector<pid_t>{21});
    }
}

TEST(ForwardingProcesses, OneThatHasJustBecomeItIsFound)
{
    const temporary_root root;
    add(root, 1, "systemd");
    add(root, 20, "systemd");
    forwarding_processes processes(root.path());
    EXPECT_TRUE(found_by(processes, root_user).empty());

    add(root, 20, "containerd");
    add(root, 30, "crio");

    EXPECT_EQ(found_by(processes, root_user), (std::vector<pid_t>{20, 30}));
}

TEST(ForwardingProcesses, WhoCameTogetherSharesALook)
{
    const temporary_root root;
    add(root, 1, "systemd");
    forwarding_processes processes(root.path());
    const auto since = steady_clock::now();
    EXPECT_TRUE(found_by(processes, root_user).empty());
    add(root, 20, "containerd");

    const auto shared =
        processes.blocking_find(root_user, since, deadline::in(std::chrono::seconds(10)), [] { return false; });

    ASSERT_TRUE(shared) << shared.error();
    EXPECT_TRUE(shared->empty());
    EXPECT_EQ(found_by(processes, root_user), std::vector<pid_t>{20});
}

TEST(ForwardingProcesses, WhereProcessesAreHiddenNothingIsKnown)
{
    const temporary_root root;
    add(root, 20, "bash");
    forwarding_processes processes(root.path());

    const auto found =
        processes.blocking_find(0, steady_clock::now(), deadline::in(std::chrono::seconds(10)), [] { return false; });

    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind(), failure::denied);
    EXPECT_EQ(forwarding_processes("/nonexistent")
                  .blocking_find(0, steady_clock::now(), deadline::in(std::chrono::seconds(10)), [] { return false; })
                  .error()
                  .kind(),
              failure::gone);
}

TEST(ForwardingProcesses, OfOthersAreEnoughToSeeThatTheyAreNotHidden)
{
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
    const temporary_root root;
    add(root, 20, "containerd");
    add(root, 30, "bash");
    ASSERT_EQ(::chown((root.path() + "/proc/30").c_str(), somebody, somebody), 0);
    forwarding_processes processes(root.path());

    EXPECT_EQ(found_by(processes, root_user), std::vector<pid_t>{20});
}

TEST(ForwardingProcesses, EndWithTheirDeadline)
{
    const temporary_root root;
    add(root, 1, "systemd");
    forwarding_processes processes(root.path());

    const auto late =
        processes.blocking_find(0, steady_clock::now(), deadline::in(std::chrono::seconds(0)), [] { return false; });
    const auto abandoned =
        processes.blocking_find(0, steady_clock::now(), deadline::in(std::chrono::seconds(10)), [] { return true; });

    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind(), failure::timed_out);
    EXPECT_FALSE(abandoned);
}
