// What cAdvisor calls the containers of each runtime.
#include "collectors/cadvisor/name_spaces.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

using namespace nodescope;
using namespace nodescope::cadvisor;
using ::testing::ElementsAre;

namespace {

const std::string id(64, 'a');

container of(std::string runtime)
{
    container one;
    one.runtime = std::move(runtime);
    one.name = "name";
    one.id = id;
    return one;
}

}  // namespace

TEST(NameSpaces, AreCadvisors)
{
    EXPECT_EQ(name_space_of(of("docker")), "docker");
    EXPECT_EQ(name_space_of(of("podman")), "podman");
    EXPECT_EQ(name_space_of(of("containerd")), "containerd");
    EXPECT_EQ(name_space_of(of("cri-o")), "crio");
    EXPECT_EQ(name_space_of(query::naming::by_crio), "crio");
    EXPECT_EQ(name_space_of(query::naming::by_cgroup), "");
}

TEST(NameSpaces, AreWhatCallersAskFor)
{
    for (const auto type :
         {query::naming::by_docker, query::naming::by_podman, query::naming::by_containerd, query::naming::by_crio}) {
        EXPECT_EQ(naming_of(name_space_of(type)), type);
    }
    EXPECT_EQ(naming_of("name"), query::naming::by_cgroup);
    EXPECT_EQ(naming_of("cri-o"), query::naming::by_crio);
    for (const char* type : {"", "Docker", "rkt", "docker "}) EXPECT_EQ(naming_of(type), std::nullopt) << type;
}

TEST(NameSpaces, AreReadOffCgroupsWhereTheseSay)
{
    EXPECT_EQ(name_space_of_cgroup("/docker/" + id), "docker");
    EXPECT_EQ(name_space_of_cgroup("/system.slice/docker-" + id + ".scope"), "docker");
    EXPECT_EQ(name_space_of_cgroup("/machine.slice/libpod-" + id + ".scope"), "podman");
    EXPECT_EQ(name_space_of_cgroup("/kubepods.slice/x.slice/cri-containerd-" + id + ".scope"), "containerd");
    EXPECT_EQ(name_space_of_cgroup("/system.slice/x:cri-containerd:" + id), "containerd");
    EXPECT_EQ(name_space_of_cgroup("/kubepods/pod1/crio-" + id), "crio");
    for (const std::string& any : {"/kubepods/pod1/" + id, std::string("/docker"), std::string("/"), std::string(), id,
                                   std::string("/docker/docker-")}) {
        EXPECT_EQ(name_space_of_cgroup(any), "") << any;
    }
}

TEST(Aliases, BeginWithWhatMetricsCallName)
{
    EXPECT_THAT(aliases_of(of("docker"), "/x"), ElementsAre("name", id));
    EXPECT_THAT(aliases_of(of("cri-o"), "/x"), ElementsAre("name", id));
    EXPECT_THAT(aliases_of(of("containerd"), "/x"), ElementsAre(id, "/x", "name"));
    container nameless = of("containerd");
    nameless.name = id;
    EXPECT_THAT(aliases_of(nameless, "/x"), ElementsAre(id, "/x"));
}
