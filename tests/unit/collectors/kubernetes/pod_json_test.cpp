#include "collectors/kubernetes/pod_json.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nodescope::kubernetes {
namespace {

using ::testing::HasSubstr;

/// As the API server answers a GET of one pod: with numbers and a repeated key that a tree would not keep.
constexpr std::string_view whole_pod =
    R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"x","namespace":"default","uid":"u-1","generation":)"
    R"(9007199254740993,"annotations":{"name":"other","a":"1","a":"2"}},"spec":{"nodeName":"node-a","containers":[)"
    R"({"name":"c","ratio":0.10}]},"status":{"phase":"Running"}})";

constexpr std::string_view kubelet_list =
    R"({"kind":"PodList","apiVersion":"v1","metadata":{},"items":[)"
    R"({"metadata":{"name":"x","namespace":"kube-system"},"spec":{"nodeName":"node-a"}},)"
    R"( {"metadata":{"name":"x","namespace":"default","creationTimestamp":null},"spec":{"nodeName":"node-a"},"n":1e400} ,)"
    R"({"metadata":{"name":"away","namespace":"default"},"spec":{"nodeName":"node-b"}}]})";

pod_reference reference(std::string_view pod_namespace, std::string_view name)
{
    return pod_reference::parse(pod_namespace, name).value();
}

std::string with_meta(std::string_view pod)
{
    const auto facts = read_pod_facts(pod);
    if (!facts) return facts.error().message();
    const auto out = with_kind_and_version(pod, *facts);
    return out ? *out : out.error().message();
}

std::string checked(std::string_view body)
{
    const auto out = checked_pod(body, reference("default", "x"), "node-a");
    return out ? *out : out.error().message();
}

TEST(ReadPodFacts, ReadsWhatIsLookedAt)
{
    const auto facts = read_pod_facts(whole_pod);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->kind, "Pod");
    EXPECT_EQ(facts->api_version, "v1");
    EXPECT_EQ(facts->pod_namespace, "default");
    EXPECT_EQ(facts->name, "x");
    EXPECT_EQ(facts->uid, "u-1");
    EXPECT_EQ(facts->node_name, "node-a");
    EXPECT_TRUE(facts->has_kind);
    EXPECT_TRUE(facts->has_api_version);
    EXPECT_FALSE(facts->being_deleted);
}

TEST(ReadRunningContainers, OldestFirst)
{
    const auto all = read_running_containers(
        R"({"status":{"containerStatuses":[)"
        R"({"name":"young","containerID":"containerd://2","state":{"running":{"startedAt":"2026-01-02T00:00:00Z"}}},)"
        R"({"name":"made","state":{"waiting":{"reason":"ContainerCreating"}}},)"
        R"({"name":"without-id","containerID":"","state":{"running":{}}},)"
        R"({"name":"ended","containerID":"containerd://3","state":{"terminated":{"exitCode":0}}}],)"
        R"("initContainerStatuses":[{"name":"sidecar","containerID":"cri-o://1","state":)"
        R"({"running":{"startedAt":"2026-01-01T00:00:00Z"}}}],"ephemeralContainerStatuses":null}})");
    ASSERT_TRUE(all) << all.error();
    ASSERT_EQ(all->size(), 2U);
    EXPECT_EQ((*all)[0].name, "sidecar");
    EXPECT_EQ((*all)[0].id, "cri-o://1");
    EXPECT_EQ((*all)[1].name, "young");
    EXPECT_EQ((*all)[1].id, "containerd://2");
}

TEST(ReadRunningContainers, ExpectsAPod)
{
    for (const std::string_view none : {"{}", R"({"status":null})", R"({"status":{"containerStatuses":[]}})"}) {
        const auto all = read_running_containers(none);
        ASSERT_TRUE(all) << none;
        EXPECT_TRUE(all->empty());
    }
    for (const std::string_view wrong :
         {"", "[]", R"({"status":{"containerStatuses":{}}})", R"({"status":{"containerStatuses":[1]}})",
          R"({"status":{"containerStatuses":[{"name":1}]}})"}) {
        EXPECT_FALSE(read_running_containers(wrong)) << wrong;
    }
}

TEST(ReadPodFacts, TakesEscapesAndTheLastOfRepeatedKeys)
{
    const auto facts = read_pod_facts(
        R"({"metadata":{"name":"first"},"spec":null,"metad\u0061ta":{"name":"\u0078","deletionTimestamp":"2024"}})");
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->name, "x");
    EXPECT_EQ(facts->node_name, "");
    EXPECT_TRUE(facts->being_deleted);
    EXPECT_FALSE(facts->has_kind);
}

TEST(ReadPodFacts, RefusesOtherShapes)
{
    for (const char* bad : {"", "[]", "null", "\"pod\"", "{}", R"({"metadata":[]})", R"({"metadata":null})",
                            R"({"metadata":{"name":1}})", R"({"metadata":{},"spec":"x"})",
                            R"({"metadata":{},"spec":{"nodeName":["node-a"]}})", R"({"metadata":{},"kind":7})"}) {
        const auto facts = read_pod_facts(bad);
        ASSERT_FALSE(facts) << bad;
        EXPECT_EQ(facts.error().kind(), failure::malformed) << bad;
    }
    for (std::size_t length = 0; length < whole_pod.size(); ++length) {
        EXPECT_FALSE(read_pod_facts(whole_pod.substr(0, length))) << length;
    }
}

TEST(WithKindAndVersion, AddsOnlyWhatIsMissing)
{
    EXPECT_EQ(with_meta(R"({"metadata":{}})"), R"({"kind":"Pod","apiVersion":"v1","metadata":{}})");
    EXPECT_EQ(with_meta(R"({ "metadata":{},"apiVersion":"v1"})"), R"({"kind":"Pod", "metadata":{},"apiVersion":"v1"})");
    EXPECT_EQ(with_meta(R"({"kind":"Pod","metadata":{}})"), R"({"apiVersion":"v1","kind":"Pod","metadata":{}})");
    EXPECT_EQ(with_meta(whole_pod), whole_pod);
    EXPECT_EQ(with_kind_and_version("{ }", pod_facts()).value(), R"({"kind":"Pod","apiVersion":"v1"})");
}

TEST(WithKindAndVersion, RefusesAnotherKind)
{
    EXPECT_EQ(with_meta(R"({"kind":"Secret","metadata":{}})"), "not a Pod: it is of another kind");
    EXPECT_EQ(with_meta(R"({"kind":null,"metadata":{}})"), "not a Pod: it is of another kind");
    EXPECT_EQ(with_meta(R"({"apiVersion":"v2","metadata":{}})"), "not a Pod: it is of another apiVersion");
}

TEST(CheckedPod, PassesThePodThroughUntouched)
{
    EXPECT_EQ(checked(whole_pod), whole_pod);
    EXPECT_EQ(checked(std::string("\n") + std::string(whole_pod) + "\n"), whole_pod);
}

TEST(CheckedPod, RefusesEveryTruncation)
{
    for (std::size_t length = 0; length < whole_pod.size(); ++length) {
        const auto cut = checked_pod(whole_pod.substr(0, length), reference("default", "x"), "node-a");
        ASSERT_FALSE(cut) << length;
        EXPECT_EQ(cut.error().kind(), failure::malformed) << length;
    }
}

// A node must not be used to read the pods of the whole cluster.
TEST(CheckedPod, GivesOnlyPodsOfThisNode)
{
    const auto foreign = checked_pod(whole_pod, reference("default", "x"), "node-b");
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().kind(), failure::gone);
    EXPECT_EQ(foreign.error().message(), "pod default/x is not on this node (node-b)");
    const auto unscheduled = checked_pod(R"({"metadata":{"name":"x","namespace":"default"},"spec":{}})",
                                         reference("default", "x"), "node-a");
    ASSERT_FALSE(unscheduled);
    EXPECT_EQ(unscheduled.error().kind(), failure::gone);
}

TEST(CheckedPod, RefusesAnotherPodThanAskedFor)
{
    const auto other = checked_pod(whole_pod, reference("default", "y"), "node-a");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().kind(), failure::malformed);
    EXPECT_FALSE(checked_pod(whole_pod, reference("kube-system", "x"), "node-a"));
    EXPECT_EQ(
        checked(R"({"kind":"Status","metadata":{"name":"x","namespace":"default"},"spec":{"nodeName":"node-a"}})"),
        "not a Pod: it is of another kind");
}

TEST(PodsOfList, KeepsThisNodesPodsInOrderAndNamesTheirKind)
{
    EXPECT_EQ(
        pods_of_list(kubelet_list, "node-a").value(),
        R"([{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x","namespace":"kube-system"},"spec":{"nodeName":"node-a"}},)"
        R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"x","namespace":"default","creationTimestamp":null},)"
        R"("spec":{"nodeName":"node-a"},"n":1e400}])");
    EXPECT_EQ(pods_of_list(kubelet_list, "node-c").value(), "[]");
}

TEST(PodsOfList, SaysOfAStaticPodThatItsStatusIsNone)
{
    const auto shown = [](std::string_view annotations, std::string_view status) {
        return pods_of_list(fmt::format(R"({{"items":[{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"etcd",)"
                                        R"("namespace":"kube-system","annotations":{}}},"spec":{{"nodeName":"n"}},)"
                                        R"("status":{}}}]}})",
                                        annotations, status),
                            "n")
            .value();
    };
    const std::string of_file = R"({"kubernetes.io/config.source":"file"})";
    const std::string word =
        R"("message":"the kubelet does not say how its static pods are: this status is that of the )"
        R"(pod's file. The API server has the right one")";
    EXPECT_THAT(shown(of_file, R"({"phase":"Pending"})"),
                HasSubstr(fmt::format(R"("status":{{{},"phase":"Pending"}})", word)));
    EXPECT_THAT(shown(of_file, "{ }"), HasSubstr(fmt::format(R"("status":{{{} }})", word)));
    // From elsewhere, the API server's copy, one that is followed, and one that says something itself.
    for (const auto& [annotations, status] : std::initializer_list<std::pair<std::string, std::string>>{
             {R"({"kubernetes.io/config.source":"api"})", R"({"phase":"Pending"})"},
             {R"({"kubernetes.io/config.source":"file","kubernetes.io/config.mirror":"1"})", R"({"phase":"Pending"})"},
             {of_file, R"({"phase":"Running","containerStatuses":[]})"},
             {of_file, R"({"phase":"Failed","message":"evicted"})"},
             {of_file, "null"},
             {"null", R"({"phase":"Pending"})"}}) {
        EXPECT_THAT(shown(annotations, status), HasSubstr(fmt::format(R"("status":{}}})", status)));
    }
}

TEST(PodsOfList, TakesListsWithoutItems)
{
    EXPECT_EQ(pods_of_list(R"({"kind":"PodList","items":null})", "node-a").value(), "[]");
    EXPECT_EQ(pods_of_list(R"({"kind":"PodList"})", "node-a").value(), "[]");
    EXPECT_EQ(pods_of_list(R"({"items":[]})", "node-a").value(), "[]");
}

TEST(PodsOfList, RefusesWhatIsNoPodList)
{
    for (const char* bad : {"", "[]", "{}", "null", R"({"kind":"Status","items":[]})", R"({"items":{}})",
                            R"({"items":[1]})", R"({"items":[{}]})", R"({"items":[{"metadata":{}}]} x)"}) {
        const auto list = pods_of_list(bad, "node-a");
        ASSERT_FALSE(list) << bad;
        EXPECT_EQ(list.error().kind(), failure::malformed) << bad;
    }
    for (std::size_t length = 0; length < kubelet_list.size(); ++length) {
        EXPECT_FALSE(pods_of_list(kubelet_list.substr(0, length), "node-a")) << length;
    }
}

TEST(PodOfList, FindsThePodByNamespaceAndName)
{
    EXPECT_EQ(
        pod_of_list(kubelet_list, reference("kube-system", "x"), "node-a").value(),
        R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"x","namespace":"kube-system"},"spec":{"nodeName":"node-a"}})");
    const auto foreign = pod_of_list(kubelet_list, reference("default", "away"), "node-a");
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().kind(), failure::gone);
    EXPECT_EQ(foreign.error().message(), "pod default/away is not on this node (node-a)");
}

TEST(PodOfList, PrefersThePodThatStays)
{
    const std::string leaving =
        R"({"metadata":{"name":"x","namespace":"default","uid":"1","deletionTimestamp":"t"},"spec":{"nodeName":"n"}})";
    const std::string staying = R"({"metadata":{"name":"x","namespace":"default","uid":"2"},"spec":{"nodeName":"n"}})";
    for (const std::string& items : {fmt::format("{},{}", leaving, staying), fmt::format("{},{}", staying, leaving)}) {
        const auto pod = pod_of_list(fmt::format(R"({{"items":[{}]}})", items), reference("default", "x"), "n");
        ASSERT_TRUE(pod);
        EXPECT_NE(pod->find(R"("uid":"2")"), std::string::npos) << items;
    }
    EXPECT_TRUE(pod_of_list(fmt::format(R"({{"items":[{}]}})", leaving), reference("default", "x"), "n"));
}

}  // namespace
}  // namespace nodescope::kubernetes
