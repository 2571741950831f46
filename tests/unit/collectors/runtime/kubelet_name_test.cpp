#include "collectors/runtime/kubelet_name.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace nodescope {
namespace {

const std::string web = "k8s_app_web-5d78c9869d-x2x4d_kube-system_0b8f6a3e-1c1f-4e2b_3";

TEST(KubeletName, HasItsParts)
{
    const kubelet_name expected{"app", "web-5d78c9869d-x2x4d", "kube-system", "0b8f6a3e-1c1f-4e2b"};
    EXPECT_EQ(parse_kubelet_name(web), expected);
    EXPECT_EQ(parse_kubelet_name(web + "_a1b2c3"), expected) << "the name was taken";
}

TEST(KubeletName, IsNoOtherName)
{
    for (const char* name :
         {"", "k8s", "k8s_", "web", "k8s_app_web_ns_uid", "k8s_app_web_ns_uid_", "k8s_app_web_ns_uid_x",
          "k8s__web_ns_uid_0", "k8s_app_web__uid_0", "K8s_app_web_ns_uid_0", "x_app_web_ns_uid_0",
          "k8s_app_web_ns_uid_0_1_2", "k8s_app_web_ns_uid_0__", "/k8s_app_web_ns_uid_"}) {
        EXPECT_FALSE(parse_kubelet_name(name)) << name;
    }
}

TEST(KubeletName, ProvesLabelsThatSayTheSame)
{
    using labels = std::map<std::string, std::string>;
    const labels least{{"io.kubernetes.pod.name", "web"}, {"io.kubernetes.pod.namespace", "ns"}};
    const auto with = [&](const char* key, const char* value) {
        labels more = least;
        more[key] = value;
        return more;
    };
    const std::string name = "k8s_app_web_ns_uid_0";
    EXPECT_TRUE(is_of_pod(name, least));
    EXPECT_TRUE(is_of_pod(name, with("io.kubernetes.container.name", "app")));
    EXPECT_TRUE(is_of_pod(name, with("io.kubernetes.pod.uid", "uid")));
    EXPECT_FALSE(is_of_pod(name, with("io.kubernetes.container.name", "POD")));
    EXPECT_FALSE(is_of_pod(name, with("io.kubernetes.pod.uid", "other")));
    EXPECT_FALSE(is_of_pod(name, with("io.kubernetes.pod.name", "other")));
    EXPECT_FALSE(is_of_pod(name, {{"io.kubernetes.pod.name", "web"}}));
    EXPECT_FALSE(is_of_pod(name, {}));
    EXPECT_FALSE(is_of_pod("web", least));
}

}  // namespace
}  // namespace nodescope
