#include "server/api/metrics/series_choice.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace nodescope::api {
namespace {

std::set<std::string_view> shown(const series_choice& by)
{
    std::set<std::string_view> out;
    for (std::size_t at = 0; at < metric_group_names.size(); ++at) {
        if (by.shows(static_cast<metric_group>(at))) out.insert(metric_group_names.at(at));
    }
    return out;
}

TEST(SeriesChoice, IsAllOfThemUnlessSomethingIsSaid)
{
    EXPECT_EQ(shown(series_choice()).size(), metric_group_names.size());
    EXPECT_EQ(shown(series_choice({}, {})), shown(series_choice()));
    EXPECT_TRUE(series_choice().shows_interface("eth0"));
    EXPECT_TRUE(series_choice().shows_device("/dev/vda"));
    EXPECT_TRUE(series_choice().shows_container(cadvisor::container_view()));
}

TEST(SeriesChoice, TakesTheEnabledWithoutTheDisabled)
{
    EXPECT_EQ(shown(series_choice({"cpu", "diskIO"}, {})), (std::set<std::string_view>{"cpu", "diskIO"}));
    EXPECT_EQ(shown(series_choice({"cpu", "diskIO"}, {"cpu"})), (std::set<std::string_view>{"diskIO"}));
    const auto without = shown(series_choice({}, {"ends", "sched"}));
    EXPECT_EQ(without.size(), metric_group_names.size() - 1);
    EXPECT_FALSE(without.contains("ends"));
    EXPECT_TRUE(shown(series_choice({"sched"}, {})).empty()) << "only what is not measured";
}

TEST(SeriesChoice, HasEachWordOfAGroup)
{
    EXPECT_TRUE(series_choice({"cpu"}, {}).shows(metric_group::cpu));
    EXPECT_TRUE(series_choice({"disk"}, {}).shows(metric_group::disk));
    EXPECT_TRUE(series_choice({"oom_event"}, {}).shows(metric_group::oom_event));
    EXPECT_TRUE(series_choice({"ends"}, {}).shows(metric_group::ends));
}

TEST(SeriesChoice, LeavesOutByName)
{
    series_choice by;
    by.interfaces_left_out = {"veth*", "lo"};
    EXPECT_FALSE(by.shows_interface("veth1a"));
    EXPECT_FALSE(by.shows_interface("lo"));
    EXPECT_TRUE(by.shows_interface("eth0"));
    by.devices_left_out = {"/dev/loop?"};
    EXPECT_FALSE(by.shows_device("/dev/loop1"));
    EXPECT_TRUE(by.shows_device("/dev/vda"));
}

TEST(SeriesChoice, LeavesOutContainersByCgroupNameAndPod)
{
    cadvisor::container_view one;
    one.name = "/kubepods/pod1/abc";
    cadvisor::container_spec spec;
    spec.aliases = {"k8s_web_shop", "abc"};
    one.spec = std::make_shared<const cadvisor::container_spec>(spec);
    pod_of_container pod;
    pod.name_space = "default";
    pod.name = "shop-1";
    pod.container = "web";
    one.pod = std::make_shared<const pod_of_container>(pod);
    const auto left_out = [&one](const char* pattern) {
        series_choice by;
        by.containers_left_out = {pattern};
        return !by.shows_container(one);
    };
    EXPECT_TRUE(left_out("/kubepods/*"));
    EXPECT_TRUE(left_out("k8s_web_*"));
    EXPECT_TRUE(left_out("default/shop-?/web"));
    EXPECT_TRUE(left_out("default/*"));
    EXPECT_FALSE(left_out("abc")) << "the second of its names";
    EXPECT_FALSE(left_out("/docker/*"));
    one.pod = nullptr;
    EXPECT_FALSE(left_out("default/*"));
}

}  // namespace
}  // namespace nodescope::api
