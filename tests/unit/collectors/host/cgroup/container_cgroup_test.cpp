#include "collectors/host/cgroup/container_cgroup.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>
#include <vector>

using namespace nodescope::host;

namespace nodescope::host {
void PrintTo(cgroup_match match, std::ostream* out)
{
    *out << (match == cgroup_match::same ? "same" : match == cgroup_match::other ? "other" : "none");
}
}  // namespace nodescope::host

namespace {

const std::string this_id = "8fed049dc1fadb6c40b231cdcc2d354904ebd02a41dcf2e2ea909b06b1674773";
const std::string other_id = "9" + this_id.substr(1);

cgroup_match match(std::string_view text, std::string_view own = "0::/system.slice/nodescope.service\n")
{
    return container_of_cgroup(text, this_id, own);
}

// One table for discovery (what container is this cgroup?) and for proof (is this process that container's?).
struct spelling {
    std::string path;
    bool itself;  ///< the cgroup is the container
    bool inside;  ///< a process in it is the container's
};

const std::vector<spelling>& spellings()
{
    static const std::vector<spelling> all{
        // Docker, cgroupfs and systemd
        {"/docker/" + this_id, true, true},
        {"/x.slice/docker-" + this_id + ".scope", true, true},
        {"/../docker-" + this_id + ".scope", true, true},
        {"/docker/" + other_id + "/docker/" + this_id, true, true},
        {"/docker/" + std::string(64, 'z') + "/docker/" + this_id, true, true},
        // containerd and kubelet
        {"/kubepods/burstable/pod0f1e2d3c-4b5a/" + this_id, true, true},
        {"/kubepods.slice/kubepods-pod0f1e_2d.slice/cri-containerd-" + this_id + ".scope", true, true},
        {"/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" + this_id, true, true},
        // CRI-O and Podman
        {"/kubepods.slice/crio-" + this_id + ".scope", true, true},
        {"/kubepods/pod1/crio-" + this_id, true, true},
        {"/machine.slice/libpod-" + this_id + ".scope", true, true},
        {"/libpod_parent/libpod-" + this_id, true, true},
        // a runtime nobody has told us about
        {"/other-" + this_id + ".scope", true, true},
        {"/a:b/" + this_id, true, true},
        // below the container
        {"/docker/" + this_id + "/init.scope", false, true},
        {"/machine.slice/libpod-" + this_id + ".scope/container", false, true},
        // with the container's id, and not the container
        {"/machine.slice/crio-conmon-" + this_id + ".scope", false, false},
        {"/machine.slice/libpod-conmon-" + this_id + ".scope", false, false},
        {"/system.slice/var-lib-docker-" + this_id + ".mount", false, false},
        // no id
        {"", false, false},
        {"/", false, false},
        {"/docker", false, false},
        {"/docker/" + this_id.substr(1), false, false},
        {"/docker/" + this_id + "0", false, false},
        {"/docker/0" + this_id, false, false},
        {"/x" + this_id + "x", false, false},
        {"/docker/" + std::string(64, 'A'), false, false},
        {"/docker/" + this_id.substr(0, 60) + "FFFF", false, false},
        {"/docker/" + std::string(100'000, 'a'), false, false},
    };
    return all;
}

}  // namespace

TEST(ContainerCgroup, DiscoveryAndProofReadEverySpellingAlike)
{
    for (const spelling& one : spellings()) {
        const std::string shown = one.path.substr(0, 120);
        EXPECT_EQ(container_id_of_path(one.path), one.itself ? this_id : "") << shown;
        const auto expected = one.inside ? cgroup_match::same : cgroup_match::none;
        EXPECT_EQ(match("0::" + one.path + "\n"), expected) << shown;
        EXPECT_EQ(match("4:memory:" + one.path), expected) << shown;
        const auto of_another = one.inside ? cgroup_match::other : cgroup_match::none;
        EXPECT_EQ(container_of_cgroup("0::" + one.path + "\n", "7" + this_id.substr(1), ""), of_another) << shown;
    }
}

// cAdvisor takes any 64 of [a-z0-9], and its clients find containers under those names.
TEST(ContainerCgroup, AnIdNeedNotBeHexadecimal)
{
    const std::string odd = std::string(63, 'z') + "9";
    EXPECT_EQ(container_id_of_path("/docker/" + odd), odd);
    EXPECT_EQ(container_of_cgroup("0::/docker/" + odd, odd, ""), cgroup_match::same);
    EXPECT_EQ(container_of_cgroup("0::/docker/" + odd, this_id, ""), cgroup_match::other);
}

TEST(ContainerOfCgroup, ReadsTheCapturedTextOfVersionOne)
{
    EXPECT_EQ(match(nodescope::testing::captured("cgroup_docker_v1")), cgroup_match::same);
}

TEST(ContainerOfCgroup, OneHierarchyWithTheIdIsEnough)
{
    EXPECT_EQ(match("9:name=systemd:/\n4:memory:/docker/" + this_id + "\n0::/\n"), cgroup_match::same);
}

TEST(ContainerOfCgroup, AnotherContainerIsAnother)
{
    EXPECT_EQ(match("0::/docker/" + other_id + "\n"), cgroup_match::other);
    EXPECT_EQ(match("0::/system.slice/docker-" + other_id + ".scope\n"), cgroup_match::other);
}

TEST(ContainerOfCgroup, WhatTheServiceIsInItselfSaysNothing)
{
    // Docker in Docker: every process below the outer container has its component.
    const std::string outer = "0::/docker/" + other_id + "\n";
    EXPECT_EQ(match(outer, outer), cgroup_match::none);
    EXPECT_EQ(match("0::/docker/" + other_id + "/docker/" + this_id + "\n", outer), cgroup_match::same);
    const std::string third_id = "7" + this_id.substr(1);
    EXPECT_EQ(match("0::/docker/" + other_id + "/docker/" + third_id + "\n", outer), cgroup_match::other);
}

TEST(ContainerOfCgroup, AnIdThatIsNoFullIdMatchesNothing)
{
    EXPECT_EQ(container_of_cgroup("0::/docker/\n", "", ""), cgroup_match::none);
    EXPECT_EQ(container_of_cgroup("0::/docker/abc\n", "abc", ""), cgroup_match::none);
}

TEST(ContainerOfCgroup, EmptyAndBrokenTextsNameNoContainer)
{
    for (const std::string& text :
         {std::string(), std::string("\n\n\n"), std::string(":::"), "/docker/" + this_id, "0:/docker/" + this_id,
          std::string(100'000, ':'), std::string(100'000, '/'), std::string("0::") + std::string(100'000, '/')}) {
        EXPECT_EQ(match(text), cgroup_match::none) << text.substr(0, 100);
    }
}

TEST(ContainerOfCgroup, ATextCutAnywhereNeverNamesAnotherContainer)
{
    const std::string whole = "0::/system.slice/docker-" + this_id + ".scope\n";
    for (std::size_t length = 0; length <= whole.size(); ++length) {
        const bool has_id = length >= whole.find(this_id) + this_id.size();
        const auto expected = has_id ? cgroup_match::same : cgroup_match::none;
        EXPECT_EQ(match(whole.substr(0, length)), expected) << length;
    }
}

TEST(CgroupOfProcess, ChoosesTheLineThatCounts)
{
    EXPECT_EQ(cgroup_of_process(nodescope::testing::captured_node("cgroup_v1")), "/");
    EXPECT_EQ(cgroup_of_process("12:pids:/p\n4:memory:/docker/a:b\n1:cpu,cpuacct:/c\n0::/u\n"), "/docker/a:b");
    EXPECT_EQ(cgroup_of_process("4:cpu,memory:/both\n0::/u\n"), "/both");
    EXPECT_EQ(cgroup_of_process("1:cpuacct,cpu:/c\n0::/u\n"), "/c");
    EXPECT_EQ(cgroup_of_process("1:name=memory:/m\n0::/system.slice/x.service\n"), "/system.slice/x.service");
    EXPECT_EQ(cgroup_of_process("0::/last"), "/last");
    for (const std::string_view none : {"", "0", "0:", "0:memory", "memory:/x", "\n\n"}) {
        EXPECT_EQ(cgroup_of_process(none), "") << none;
    }
}
