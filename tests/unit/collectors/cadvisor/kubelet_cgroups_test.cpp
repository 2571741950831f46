// Which cgroups are pods' by the kubelet's names for them, and whose pods these are.
#include "collectors/cadvisor/kubelet_cgroups.hpp"

#include "collectors/cadvisor/node_containers.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/collectors/cadvisor/cgroup_node.hpp"
#include "tests/unit/collectors/cadvisor/scripted_runtime.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

using namespace nodescope;
using namespace nodescope::cadvisor;
using namespace std::chrono_literals;
using nodescope::testing::run_task;
using nodescope::testing::running;
using nodescope::testing::scripted_runtime;
using ::testing::ElementsAre;
using ::testing::Pair;

namespace {

const std::string uid = "0b1ef2e4-5c07-4e3c-9d1b-3f1c0f6a7e21";
const std::string in_slice = "0b1ef2e4_5c07_4e3c_9d1b_3f1c0f6a7e21";

}  // namespace

TEST(PodUidOfCgroup, IsReadOffBothDriversNames)
{
    EXPECT_EQ(pod_uid_of_cgroup("/kubepods/pod" + uid), uid);
    EXPECT_EQ(pod_uid_of_cgroup("/kubepods/burstable/pod" + uid), uid);
    EXPECT_EQ(pod_uid_of_cgroup("/kubelet/kubepods/besteffort/pod" + uid), uid) << "a root of its own";
    const std::string slices = "/kubepods.slice/kubepods-burstable.slice/";
    EXPECT_EQ(pod_uid_of_cgroup(slices + "kubepods-burstable-pod" + in_slice + ".slice"), uid);
    EXPECT_EQ(pod_uid_of_cgroup("/kubepods.slice/kubepods-pod" + in_slice + ".slice"), uid);
    EXPECT_EQ(pod_uid_of_cgroup("/kubelet.slice/kubelet-kubepods-besteffort-pod" + in_slice + ".slice"), uid);
    const std::string of_a_file = "5c07f1c0f6a7e210b1ef2e44e3c9d1b3";
    EXPECT_EQ(pod_uid_of_cgroup("/kubepods/burstable/pod" + of_a_file), of_a_file);
}

TEST(PodUidOfCgroup, IsNobodysElse)
{
    const std::vector<std::string> others{
        std::string(),
        std::string("/"),
        "/pod" + uid,
        "/kubepods/other/pod" + uid,
        "/kubepods/burstable",
        std::string("/kubepods.slice/kubepods-burstable.slice"),
        "/kubepods/pod" + uid + "/" + std::string(64, 'a'),
        "/mykubepods/pod" + uid,
        "/kubepods/burstable/x" + uid,
        "/kubepods/pod",
        "/kubepods/pod/",
        "/kubepods/pod" + std::string(65, 'a'),
        std::string("/kubepods/pod\xff\n"),
        std::string("/kubepods/pod../x"),
        "/x.slice/pod" + in_slice + ".slice",
        "/kubepods-burstable-pod" + uid + ".slice",
        "/kubepods/pod" + uid + ".slice",
        std::string(".slice"),
        std::string("/-.slice"),
    };
    for (const std::string& path : others) {
        EXPECT_EQ(pod_uid_of_cgroup(path), "") << path;
    }
}

TEST(KubeletShows, TheNodeThePodsAndItself)
{
    for (const std::string& path :
         {std::string("/"), std::string("/kubepods"), "/kubepods/burstable/pod" + uid, std::string("/kubepods.slice"),
          "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + in_slice + ".slice",
          std::string("/kubelet.slice/kubelet-kubepods.slice"), std::string("/system.slice/kubelet.service"),
          "/kubepods/pod" + uid + "/" + std::string(64, 'a') + "/below"}) {
        EXPECT_TRUE(kubelet_shows(path)) << path;
    }
    for (const std::string& path :
         {std::string("/system.slice"), std::string("/system.slice/kubelet.service.d"), std::string("/docker"),
          "/docker/" + std::string(64, 'a'), std::string("/kubepods2"), std::string("/my-kubepods"), std::string()}) {
        EXPECT_FALSE(kubelet_shows(path)) << path;
    }
}

namespace {

const std::string sandbox_id(64, 'a');
const std::string app_id(64, 'b');

/// What a runtime says of the two.
container of_pod(const std::string& id)
{
    const bool is_sandbox = id == sandbox_id;
    container state = running(id, is_sandbox ? "k8s_POD_web_shop_uid-1_0" : "k8s_app_web_shop_uid-1_0");
    state.runtime = "containerd";
    state.pod.name = "web";
    state.pod.name_space = "shop";
    state.pod.uid = "uid-1";
    state.pod.is_sandbox = is_sandbox;
    if (!is_sandbox) state.pod.container = "app";
    state.shares_network = !is_sandbox;
    return state;
}

class CgroupsOfPods : public ::testing::Test {
protected:
    CgroupsOfPods()
    {
        options.root = node.root();
        options.interval = 1h;
        cri.answer = [](const std::string& id) { return result<container>(of_pod(id)); };
        for (const std::string& path : {std::string("/kubepods"), pod, pod + "/" + sandbox_id, pod + "/" + app_id}) {
            node.add(path);
        }
        made = std::make_unique<node_containers>(pool, named_by, group, log, options, nullptr);
    }
    ~CgroupsOfPods() override { run_task(reactor, group.stop(deadline::in(20s))); }

    result<std::vector<container_view>> find(const query& asked)
    {
        return run_task(reactor, made->find(asked, deadline::in(20s)));
    }

    const std::string pod = "/kubepods/burstable/poduid-1";
    nodescope::testing::cgroup_node node;
    boost::asio::io_context reactor{1};
    logger log{log_level::error, log_format::text};
    worker_pool pool{2};
    task_group group{reactor.get_executor(), log};
    runtimes named_by;
    scripted_runtime& cri = named_by.add(std::make_unique<scripted_runtime>());
    sampling_options options{std::chrono::seconds(5), 100};
    std::unique_ptr<node_containers> made;
};

}  // namespace

TEST_F(CgroupsOfPods, AreKnownByTheirSandboxes)
{
    node.add("/kubepods/poduid-2");
    node.add("/kubepods/poduid-1/below");
    const auto found = find(everything());
    ASSERT_TRUE(found) << found.error();
    std::map<std::string, std::string> pods;
    for (const container_view& one : *found) {
        if (one.pod) pods[one.name] = one.pod->name_space + "/" + one.pod->name + "/" + one.pod->container;
    }
    EXPECT_THAT(pods, ElementsAre(Pair(pod, "shop/web/"), Pair(pod + "/" + sandbox_id, "shop/web/"),
                                  Pair(pod + "/" + app_id, "shop/web/app"), Pair("/kubepods/poduid-1", "shop/web/")));
}

TEST_F(CgroupsOfPods, HoldContainersByTheirRuntimesNames)
{
    query asked;
    asked.type = query::naming::by_containerd;
    asked.name = "k8s_app";
    const auto app = find(asked);
    ASSERT_TRUE(app) << app.error();
    EXPECT_THAT(app->front().spec->aliases, ElementsAre(app_id, pod + "/" + app_id, "k8s_app_web_shop_uid-1_0"));
    EXPECT_EQ(app->front().spec->name_space, "containerd");
    EXPECT_FALSE(app->front().spec->has_network) << "which is its sandbox's";
    asked.name = sandbox_id;
    EXPECT_TRUE(find(asked)->front().spec->has_network);
    asked.type = query::naming::by_docker;
    EXPECT_FALSE(find(asked));
}
