#include "collectors/host/cgroup/container_cgroup.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

using namespace nodescope::host;

namespace nodescope::host {
void PrintTo(cgroup_verdict verdict, std::ostream* out) { *out << to_string(verdict); }
}  // namespace nodescope::host

namespace {

const std::string id = "8fed049dc1fadb6c40b231cdcc2d354904ebd02a41dcf2e2ea909b06b1674773";
const std::string other_id = "9" + id.substr(1);

cgroup_verdict verdict(std::string_view text, std::string_view own = "0::/system.slice/nodescope.service\n")
{
    return container_of_cgroup(text, id, own);
}

}  // namespace

// Every form a runtime and cgroup driver writes.
TEST(ContainerOfCgroup, KnowsTheFormsOfEveryRuntime)
{
    for (const std::string& path :
         {"/docker/" + id, "/kubepods/burstable/pod0e1/" + id, "/system.slice/docker-" + id + ".scope",
          "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + id + ".scope", "/machine.slice/crio-" + id + ".scope",
          "/machine.slice/libpod-" + id + ".scope", "/machine.slice/libpod-" + id + ".scope/container",
          "/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" + id, "/../docker-" + id + ".scope",
          "/docker/" + id + "/init.scope", "/a:b/" + id}) {
        EXPECT_EQ(verdict("0::" + path + "\n"), cgroup_verdict::same) << path;
        EXPECT_EQ(verdict("4:memory:" + path), cgroup_verdict::same) << path;
        EXPECT_EQ(container_of_cgroup("0::" + path + "\n", other_id, ""), cgroup_verdict::other) << path;
    }
}

TEST(ContainerOfCgroup, ReadsTheCapturedTextOfVersionOne)
{
    EXPECT_EQ(verdict(nodescope::testing::captured("cgroup_docker_v1")), cgroup_verdict::same);
}

TEST(ContainerOfCgroup, OneHierarchyWithTheIdIsEnough)
{
    EXPECT_EQ(verdict("9:name=systemd:/\n4:memory:/docker/" + id + "\n0::/\n"), cgroup_verdict::same);
}

TEST(ContainerOfCgroup, NeedsTheWholeIdAsAComponent)
{
    for (const std::string& path :
         {std::string("/"), std::string(""), "/docker/" + id.substr(1), "/docker/" + id.substr(0, 63),
          "/docker/" + id + "0", "/docker/0" + id, "/x" + id + "x", "/crio-conmon-" + id + ".scope",
          "/libpod-conmon-" + id + ".scope", "/docker-" + id, "/docker-" + id + ".slice", "/-" + id + ".scope",
          "/evil-" + id + ".scope", "/docker:" + id + ".scope", "/:" + id, "/x:evil:" + id,
          "/docker/" + id.substr(0, 60) + "FFFF"}) {
        EXPECT_EQ(verdict("0::" + path + "\n"), cgroup_verdict::none) << path;
    }
}

TEST(ContainerOfCgroup, AnotherContainerIsAnother)
{
    EXPECT_EQ(verdict("0::/docker/" + other_id + "\n"), cgroup_verdict::other);
    EXPECT_EQ(verdict("0::/system.slice/docker-" + other_id + ".scope\n"), cgroup_verdict::other);
}

TEST(ContainerOfCgroup, WhatTheServiceIsInItselfSaysNothing)
{
    // Docker in Docker: every process below the outer container has its component.
    const std::string outer = "0::/docker/" + other_id + "\n";
    EXPECT_EQ(verdict(outer, outer), cgroup_verdict::none);
    EXPECT_EQ(verdict("0::/docker/" + other_id + "/docker/" + id + "\n", outer), cgroup_verdict::same);
    const std::string third_id = "7" + id.substr(1);
    EXPECT_EQ(verdict("0::/docker/" + other_id + "/docker/" + third_id + "\n", outer), cgroup_verdict::other);
}

TEST(ContainerOfCgroup, AnIdThatIsNoFullIdMatchesNothing)
{
    EXPECT_EQ(container_of_cgroup("0::/docker/\n", "", ""), cgroup_verdict::none);
    EXPECT_EQ(container_of_cgroup("0::/docker/abc\n", "abc", ""), cgroup_verdict::none);
}

TEST(ContainerOfCgroup, EmptyAndBrokenTextsNameNoContainer)
{
    for (const std::string& text :
         {std::string(), std::string("\n\n\n"), std::string(":::"), "/docker/" + id, "0:/docker/" + id,
          std::string(100'000, ':'), std::string(100'000, '/'), std::string("0::") + std::string(100'000, '/')}) {
        EXPECT_EQ(verdict(text), cgroup_verdict::none) << text.substr(0, 100);
    }
}

TEST(ContainerOfCgroup, ATextCutAnywhereNeverNamesAnotherContainer)
{
    const std::string whole = "0::/system.slice/docker-" + id + ".scope\n";
    for (std::size_t length = 0; length <= whole.size(); ++length) {
        const auto expected = length >= whole.size() - 1 ? cgroup_verdict::same : cgroup_verdict::none;
        EXPECT_EQ(verdict(whole.substr(0, length)), expected) << length;
    }
}
