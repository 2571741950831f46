#include "collectors/host/cgroup/container_choice.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace nodescope::host {
namespace {

using time_point = std::chrono::sys_time<std::chrono::nanoseconds>;

const std::string victim_id(64, 'a');
const std::string other_id(64, 'b');
const time_point early{std::chrono::seconds(100)};
const time_point late{std::chrono::seconds(200)};

id_bearer of_root(std::string_view path, time_point created = late) { return {path, false, created}; }
id_bearer of_others(std::string_view path, time_point created = early) { return {path, true, created}; }

init_evidence in(const std::string& path) { return {true, path}; }

TEST(ContainerChoice, IsTheOneTheRuntimesProcessIsIn)
{
    EXPECT_EQ(choose_container({of_root("/a"), of_root("/b", early)}, in("/a")), 0U);
    EXPECT_EQ(choose_container({of_root("/a"), of_others("/b")}, in("/b")), 1U) << "rootless";
    EXPECT_EQ(choose_container({of_others("/b")}, in("/b")), 0U);
}

TEST(ContainerChoice, GoesWithoutAProcessByWhoCanHaveMadeIt)
{
    const init_evidence none;
    EXPECT_EQ(choose_container({of_others("/a"), of_root("/b")}, none), 1U);
    EXPECT_EQ(choose_container({of_root("/a", late), of_root("/bb", early)}, none), 1U) << "the oldest";
    EXPECT_EQ(choose_container({of_root("/long", early), of_root("/b", early)}, none), 1U);
    EXPECT_EQ(choose_container({of_others("/a")}, none), 0U) << "a rootless container while its runtime is away";
    EXPECT_EQ(choose_container({of_others("/a"), of_others("/b")}, none), std::nullopt);
    EXPECT_EQ(choose_container({}, none), std::nullopt);
}

TEST(ContainerChoice, IsNoneOfStrangersWhenTheProcessIsElsewhere)
{
    EXPECT_EQ(choose_container({of_others("/a")}, in("/elsewhere")), std::nullopt);
    // A process seen through another cgroup namespace: who made it decides.
    EXPECT_EQ(choose_container({of_others("/a"), of_root("/b")}, in("")), 1U);
}

TEST(ContainerChoice, PrefersWhatRuntimesMake)
{
    const init_evidence none;
    const std::string scope = "/machine.slice/libpod-" + victim_id + ".scope";
    const std::string unit = "/" + victim_id + "-0a1b.service";
    EXPECT_EQ(choose_container({of_root(unit, early), of_root(scope, late)}, none), 1U) << "however old the unit is";
    const std::string inside = "/docker/" + other_id + "/" + victim_id;
    const std::string own = "/a/b/c/docker/" + victim_id;
    EXPECT_EQ(choose_container({of_root(inside, early), of_root(own, late)}, none), 1U);
    EXPECT_EQ(choose_container({of_root("/a/" + victim_id, late), of_root("/a/b/" + victim_id, early)}, none), 1U)
        << "of equals the older";
    EXPECT_EQ(choose_container({of_root("/a/b/" + victim_id, early), of_root("/a/" + victim_id, early)}, none), 1U)
        << "then the upper one";
}

TEST(ContainerChoice, ReadsTheContainersPathOffAProcess)
{
    const std::string path = "/docker/" + victim_id;
    EXPECT_EQ(container_path("0::" + path + "\n", victim_id), path);
    EXPECT_EQ(container_path("0::" + path + "/init.scope\n", victim_id), path);
    EXPECT_EQ(container_path("3:memory:/system.slice/docker-" + victim_id + ".scope/x\n2:cpu:/y\n", victim_id),
              "/system.slice/docker-" + victim_id + ".scope");
    EXPECT_EQ(container_path("0::" + path + "/docker/" + other_id + "/x\n", other_id), path + "/docker/" + other_id);
    EXPECT_EQ(container_path("0::" + path + "/" + victim_id + "\n", victim_id), path)
        << "the outer one is the runtime's";
    EXPECT_EQ(container_path("0::" + path + "\n", other_id), "");
    EXPECT_EQ(container_path("", victim_id), "");
}

}  // namespace
}  // namespace nodescope::host
