// Containers by the cgroup tree alone: which place is the container's, and which process is its first.
#include "collectors/host/cgroup/container_search.hpp"
#include "tests/support/temporary_root.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::temporary_root;

namespace {

const std::string searched_id = "8fed049dc1fadb6c40b231cdcc2d354904ebd02a41dcf2e2ea909b06b1674773";
const std::string similar_id = "8fed049dc1fa0000000000000000000000000000000000000000000000000000";

container_place place(std::string path, const std::string& of = searched_id)
{
    container_place one;
    one.id = of;
    one.path = std::move(path);
    return one;
}

result<std::string> chosen(const std::vector<container_place>& all, std::string_view reference = searched_id)
{
    const auto one = choose_container_place(all, reference);
    if (!one) return one.error();
    return one->path;
}

std::string mount_line(std::string_view at, std::string_view type, std::string_view options)
{
    return fmt::format("26 1 0:23 / {} rw - {} {} rw,{}\n", at, type, type, options);
}

/// A node of cgroup v2 in a folder.
class ContainerSearch : public ::testing::Test {
protected:
    ContainerSearch() { root_.write("/proc/1/mountinfo", mount_line("/sys/fs/cgroup", "cgroup2", "nsdelegate")); }

    void add_cgroup(const std::string& path, const std::string& procs = "") const
    {
        root_.write("/sys/fs/cgroup" + path + "/cgroup.procs", procs);
    }
    void add_process(pid_t pid, pid_t parent, int start) const
    {
        root_.write(
            fmt::format("/proc/{}/stat", pid),
            fmt::format("{} (a) S {} 1 1 0 -1 4194560 1 0 0 0 1 0 0 0 20 0 1 0 {} 1 1 1\n", pid, parent, start));
    }
    [[nodiscard]] std::vector<container_place> find(search_extent extent = search_extent::one_hierarchy) const
    {
        const abandon_flag nobody;
        const auto all = blocking_find_container_places(root_.path(), extent, limit_, nobody);
        EXPECT_TRUE(all) << all.error();
        return all ? *all : std::vector<container_place>();
    }
    [[nodiscard]] std::vector<pid_t> processes_of(const std::string& path) const
    {
        container_place where = place(path);
        where.mount = "/sys/fs/cgroup";
        const abandon_flag nobody;
        const auto all = blocking_read_container_processes(root_.path(), where, limit_, nobody);
        EXPECT_TRUE(all) << all.error();
        std::vector<pid_t> numbers;
        if (!all) return numbers;
        numbers.reserve(all->size());
        for (const cgroup_process& one : *all) numbers.push_back(one.pid);
        return numbers;
    }

    temporary_root root_;
    const deadline limit_ = deadline::in(std::chrono::minutes(1));
};

}  // namespace

TEST_F(ContainerSearch, FindsWhatEveryRuntimeAndDriverMakes)
{
    const std::string pod = "kubepods-burstable-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice";
    const std::string forms[] = {
        "/docker/" + searched_id,
        "/system.slice/docker-" + searched_id + ".scope",
        "/user.slice/user-0.slice/docker-" + searched_id + ".scope",
        "/default/" + searched_id,
        "/system.slice/containerd.service/" + searched_id,
        "/kubepods/burstable/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/" + searched_id,
        "/kubepods.slice/kubepods-burstable.slice/" + pod + "/cri-containerd-" + searched_id + ".scope",
        "/kubepods.slice/kubepods-burstable.slice/" + pod + "/docker-" + searched_id + ".scope",
        "/kubepods.slice/kubepods-burstable.slice/" + pod + "/crio-" + searched_id + ".scope",
        "/kubepods/burstable/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/crio-" + searched_id,
        "/system.slice/containerd.service/kubepods-burstable-pod0f1e2d3c.slice:cri-containerd:" + searched_id,
        "/machine.slice/libpod-" + searched_id + ".scope",
        "/libpod_parent/libpod-" + searched_id,
        // kind, Docker in Docker
        "/docker/" + std::string(64, 'a') + "/kubelet/kubepods/pod0f1e/" + searched_id,
        "/system.slice/docker-" + std::string(64, 'a') + ".scope/docker/" + searched_id,
    };
    for (const std::string& form : forms) {
        const temporary_root node;
        node.write("/proc/1/mountinfo", mount_line("/sys/fs/cgroup", "cgroup2", "nsdelegate"));
        node.write("/sys/fs/cgroup" + form + "/cgroup.procs", "");
        const abandon_flag nobody;
        const auto all = blocking_find_container_places(node.path(), search_extent::one_hierarchy, limit_, nobody);
        ASSERT_TRUE(all) << all.error();
        EXPECT_EQ(chosen(*all).value(), form);
        EXPECT_EQ(chosen(*all, searched_id.substr(0, 12)).value(), form);
    }
}

TEST_F(ContainerSearch, FindsThemOnV1AndHybridNodes)
{
    root_.write("/proc/1/mountinfo", mount_line("/sys/fs/cgroup", "tmpfs", "mode=755") +
                                         mount_line("/sys/fs/cgroup/unified", "cgroup2", "nsdelegate") +
                                         mount_line("/sys/fs/cgroup/pids", "cgroup", "pids") +
                                         mount_line("/sys/fs/cgroup/memory", "cgroup", "memory"));
    add_cgroup("/memory/docker/" + searched_id);
    add_cgroup("/pids/docker/" + similar_id);
    auto all = find();
    EXPECT_EQ(chosen(all).value(), "/docker/" + searched_id);
    EXPECT_EQ(all.front().mount, "/sys/fs/cgroup/memory");
    EXPECT_FALSE(chosen(all, similar_id)) << "one hierarchy is enough as a rule";
    EXPECT_EQ(chosen(find(search_extent::all_hierarchies), similar_id).value(), "/docker/" + similar_id);
}

TEST_F(ContainerSearch, SomebodyElsesDirectoryProvesNothing)
{
    const std::string users = "/user.slice/user-1000.slice";
    const std::string rootless = users + "/user@1000.service/user.slice/docker-" + searched_id + ".scope";
    add_cgroup(rootless);
    std::filesystem::permissions(root_.path() + "/sys/fs/cgroup" + users, std::filesystem::perms::all);
    const auto found = choose_container_place(find(), searched_id);
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->path, rootless) << "a rootless engine's, where nobody else has the id";
    EXPECT_TRUE(found->delegated);
    EXPECT_EQ(chosen(find(), "8fed049dc1fa").value(), rootless);
    const std::string second = users + "/user@1000.service/user.slice/libpod-" + searched_id + ".scope";
    add_cgroup(second);
    EXPECT_EQ(chosen(find()).error(),
              error(failure::conflict,
                    searched_id + " is in the names of cgroups that others than root can have made: " + rootless +
                        " and " + second));
    add_cgroup("/system.slice/a.slice/b.slice/docker-" + searched_id + ".scope");
    EXPECT_EQ(chosen(find()).value(), "/system.slice/a.slice/b.slice/docker-" + searched_id + ".scope");
}

TEST(ContainerPlace, OfSeveralWithOneIdTheRuntimesOwnIsTheContainer)
{
    const auto scope = place("/machine.slice/libpod-" + searched_id + ".scope");
    // The unit of a health check, Podman's or of systemd-run.
    EXPECT_EQ(chosen({place("/" + searched_id + "-0a1b.service"), scope}).value(), scope.path);
    EXPECT_EQ(chosen({place("/system.slice/" + searched_id + ".service"), scope}).value(), scope.path);
    // A copy inside another container, and one inside itself.
    const auto own = place("/a/b/c/docker/" + searched_id);
    EXPECT_EQ(chosen({place("/docker/" + similar_id + "/" + searched_id), own}).value(), own.path);
    EXPECT_EQ(
        chosen({place("/docker/" + searched_id + "/docker/" + searched_id), place("/docker/" + searched_id)}).value(),
        "/docker/" + searched_id);
}

TEST(ContainerPlace, OfOthersTakesNoNameAndMakesNothingAmbiguous)
{
    auto users = place("/user.slice/docker-" + similar_id + ".scope", similar_id);
    users.delegated = true;
    EXPECT_EQ(chosen({users, place("/docker/" + searched_id)}, searched_id.substr(0, 12)).value(),
              "/docker/" + searched_id);
    EXPECT_EQ(chosen({place("/docker/" + searched_id), users}, searched_id.substr(0, 12)).value(),
              "/docker/" + searched_id);
    // What is no hexadecimal number may be a name.
    auto named = place("/user.slice/mycontainer1" + std::string(52, '0'), "mycontainer1" + std::string(52, '0'));
    EXPECT_TRUE(chosen({named}, "mycontainer1"));
    named.delegated = true;
    EXPECT_EQ(chosen({named}, "mycontainer1").error().kind(), failure::gone);
    // The same place, seen in two hierarchies of cgroup v1.
    auto again = users;
    again.mount = "/sys/fs/cgroup/pids";
    EXPECT_EQ(chosen({users, again}, similar_id).value(), users.path);
}

TEST(ContainerPlace, TheOlderOfTwoThatAreAlike)
{
    auto older = place("/b/" + searched_id);
    auto younger = place("/a/" + searched_id);
    older.created = std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::seconds(1));
    younger.created = std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::seconds(2));
    EXPECT_EQ(chosen({younger, older}).value(), older.path);
}

TEST(ContainerPlace, AnAmbiguousBeginningNamesBoth)
{
    const std::vector<container_place> all{place("/docker/" + searched_id), place("/docker/" + similar_id, similar_id)};
    const auto both = chosen(all, searched_id.substr(0, 12));
    ASSERT_FALSE(both);
    EXPECT_EQ(both.error(), error(failure::conflict, "8fed049dc1fa is the beginning of more than one container's id: " +
                                                         similar_id + " and " + searched_id));
    EXPECT_EQ(chosen(all, searched_id.substr(0, 13)).value(), "/docker/" + searched_id);
    EXPECT_EQ(chosen(all, "0123456789ab").error().kind(), failure::gone);
    EXPECT_EQ(chosen({}, "0123456789ab").error().kind(), failure::gone);
}

TEST(ContainerPlace, OnlyTwelveDigitsAndMoreMayBeAnId)
{
    EXPECT_TRUE(may_be_container_id(searched_id));
    EXPECT_TRUE(may_be_container_id("8fed049dc1fa"));
    for (const std::string& no : {std::string("8fed049dc1f"), searched_id + "0", std::string(),
                                  std::string("8fed049dc1fA"), std::string("my-container-1")}) {
        EXPECT_FALSE(may_be_container_id(no)) << no;
    }
}

TEST_F(ContainerSearch, TheFirstProcessIsTheOldestWithAParentOutside)
{
    const std::string path = "/docker/" + searched_id;
    // 50 was started by `docker exec`; 9 is the init's child, with a number that has wrapped; 60 has lost its parent.
    add_cgroup(path, "9\n40\n50\n60\n0\n");
    add_process(9, 40, 250);
    add_process(40, 30, 200);
    add_process(50, 30, 300);
    add_process(60, 1, 210);
    EXPECT_EQ(processes_of(path), (std::vector<pid_t>{40, 60, 9, 50}));
}

TEST_F(ContainerSearch, TheFirstProcessMayBeInACgroupBelow)
{
    const std::string path = "/docker/" + searched_id;
    add_cgroup(path, "50\n");
    add_cgroup(path + "/init.scope", "40\n");
    add_cgroup(path + "/docker/" + similar_id, "7\n");
    add_process(50, 30, 300);
    add_process(40, 30, 200);
    add_process(7, 1, 100);
    EXPECT_EQ(processes_of(path), (std::vector<pid_t>{40, 50})) << "another container's process is not its own";
}

TEST_F(ContainerSearch, AContainerMayHaveNoProcess)
{
    const std::string path = "/docker/" + searched_id;
    EXPECT_TRUE(processes_of(path).empty());
    add_cgroup(path, "40\nnonsense\n");
    EXPECT_TRUE(processes_of(path).empty()) << "40 has ended meanwhile";
}

TEST_F(ContainerSearch, WhatForksWithoutEndIsBounded)
{
    const std::string path = "/docker/" + searched_id;
    std::string procs;
    for (pid_t pid = 10; pid < 10 + static_cast<pid_t>(container_process_limit) + 100; ++pid) {
        procs += std::to_string(pid) + "\n";
    }
    add_cgroup(path, procs);
    add_process(10, 1, 100);
    add_process(4300, 10, 50);
    EXPECT_EQ(processes_of(path), std::vector<pid_t>{10});
}

TEST_F(ContainerSearch, EndsAtItsDeadlineAndWithItsAsker)
{
    const std::string path = "/docker/" + searched_id;
    add_cgroup(path, "40\n");
    add_process(40, 30, 200);
    container_place where = place(path);
    where.mount = "/sys/fs/cgroup";
    abandon_flag left;
    const auto late = blocking_read_container_processes(root_.path(), where, deadline::in({}), left);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind(), failure::timed_out);
    left.raise();
    const auto cancelled = blocking_read_container_processes(root_.path(), where, limit_, left);
    ASSERT_FALSE(cancelled);
    EXPECT_EQ(cancelled.error().kind(), failure::cancelled);
}
