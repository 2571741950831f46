#include "collectors/kubernetes/node_pods.hpp"

#include "core/task_group.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/collectors/kubernetes/fake_client.hpp"

#include <gtest/gtest.h>

namespace nodescope::kubernetes {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

constexpr std::string_view pod_x =
    R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"x","namespace":"default"},"spec":{"nodeName":"node-a"}})";
constexpr std::string_view list_of_x =
    R"({"kind":"PodList","items":[{"metadata":{"name":"x","namespace":"default"},"spec":{"nodeName":"node-a"}}]})";

struct NodePods : ::testing::Test {
    std::unique_ptr<api_peer> peer(std::string role, const char* url, std::shared_ptr<fake_client> client)
    {
        auto read = [url]() -> result<api_access> { return api_access(parse_server_url(url).value()); };
        auto connect = [client](const api_access&) -> result<std::shared_ptr<http_client::client>> {
            return std::shared_ptr<http_client::client>(client);
        };
        return std::make_unique<api_peer>(std::move(role), std::move(read), std::move(connect), log);
    }
    std::unique_ptr<node_pods> source(bool with_api_server, bool with_kubelet)
    {
        return std::make_unique<node_pods>(
            "node-a", 10s, with_api_server ? peer("API server", "https://api:443", api_server) : nullptr,
            with_kubelet ? peer("kubelet", "https://127.0.0.1:10250", kubelet) : nullptr, log);
    }
    result<std::string> pod(pod_source& pods)
    {
        const pod_reference which = pod_reference::parse("default", "x").value();
        return run_task(pods.pod(which, deadline::in(30s)));
    }

    std::vector<std::string> lines;
    logger log{log_level::debug, log_format::json, [this](std::string_view line) { lines.emplace_back(line); }};
    std::shared_ptr<fake_client> api_server = std::make_shared<fake_client>();
    std::shared_ptr<fake_client> kubelet = std::make_shared<fake_client>();
};

TEST_F(NodePods, AsksTheApiServerFirstAndOnly)
{
    const auto pods = source(true, true);
    api_server->answer(200, std::string(pod_x));
    EXPECT_EQ(pod(*pods).value(), pod_x);
    ASSERT_EQ(api_server->asked.size(), 1U);
    EXPECT_EQ(api_server->asked[0].target, "/api/v1/namespaces/default/pods/x");
    EXPECT_EQ(api_server->asked[0].body_limit, pod_limit_bytes);
    EXPECT_TRUE(kubelet->asked.empty());
}

TEST_F(NodePods, ListsWithAFieldSelectorAndTheLargerLimit)
{
    const auto pods = source(true, true);
    api_server->answer(200, std::string(list_of_x));
    EXPECT_EQ(run_task(pods->pods_of_node(deadline::in(30s))).value(), "[" + std::string(pod_x) + "]");
    ASSERT_EQ(api_server->asked.size(), 1U);
    EXPECT_EQ(api_server->asked[0].target, "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a");
    EXPECT_EQ(api_server->asked[0].body_limit, pod_list_limit_bytes);
}

TEST_F(NodePods, AsksTheKubeletWhenTheApiServerCannotBeReached)
{
    const auto pods = source(true, true);
    for (const failure kind : {failure::unavailable, failure::timed_out}) {
        api_server->fail(kind, "connect: Connection refused");
        kubelet->answer(200, std::string(list_of_x));
        EXPECT_EQ(pod(*pods).value(), pod_x);
    }
    api_server->answer(503, "");
    kubelet->answer(200, std::string(list_of_x));
    EXPECT_EQ(pod(*pods).value(), pod_x);
    ASSERT_EQ(kubelet->asked.size(), 3U);
    EXPECT_EQ(kubelet->asked[0].target, "/pods");
    EXPECT_EQ(kubelet->asked[0].body_limit, pod_list_limit_bytes);
}

TEST_F(NodePods, TakesTheApiServersWordWhereItHasOne)
{
    const auto pods = source(true, true);
    for (const unsigned status : {401U, 403U, 404U, 429U, 500U, 302U}) {
        api_server->answer(status, "");
        EXPECT_FALSE(pod(*pods)) << status;
    }
    api_server->answer(200, "<html>");
    EXPECT_FALSE(pod(*pods));
    EXPECT_TRUE(kubelet->asked.empty());
}

TEST_F(NodePods, TellsBothReasonsInOneSentence)
{
    const auto pods = source(true, true);
    api_server->fail(failure::timed_out, "no response header within 10s");
    kubelet->fail(failure::unavailable, "connect: Connection refused");
    const auto got = pod(*pods);
    ASSERT_FALSE(got);
    EXPECT_EQ(
        got.error(),
        error(failure::timed_out,
              "kubernetes: GET /api/v1/namespaces/default/pods/x: no response header within 10s (the API server at "
              "https://api:443); then asked the kubelet: GET /pods: connect: Connection refused (the kubelet at "
              "https://127.0.0.1:10250)"));
}

TEST_F(NodePods, TakesTheKubeletsWordThatThePodIsNotHere)
{
    const auto pods = source(true, true);
    api_server->fail(failure::unavailable, "connect: Connection refused");
    kubelet->answer(200, R"({"kind":"PodList","items":null})");
    const auto got = pod(*pods);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind(), failure::gone);
    EXPECT_TRUE(got.error().message().ends_with("then asked the kubelet: pod default/x is not on this node (node-a)"));
}

TEST_F(NodePods, AsksOnlyTheConfiguredPeer)
{
    const auto from_kubelet = source(false, true);
    kubelet->answer(200, std::string(list_of_x));
    EXPECT_EQ(pod(*from_kubelet).value(), pod_x);
    EXPECT_TRUE(api_server->asked.empty());

    const auto from_api_server = source(true, false);
    api_server->fail(failure::unavailable, "connect: Connection refused");
    const auto got = pod(*from_api_server);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind(), failure::unavailable);
    EXPECT_EQ(kubelet->asked.size(), 1U);
}

// A node must not be used to read the pods of the whole cluster.
TEST_F(NodePods, KeepsPodsOfOtherNodesToThemselves)
{
    const auto pods = source(true, true);
    api_server->answer(
        200, R"({"kind":"Pod","metadata":{"name":"x","namespace":"default"},"spec":{"nodeName":"s3cret-node"}})");
    const auto got = pod(*pods);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), error(failure::gone, "kubernetes: pod default/x is not on this node (node-a)"));
}

TEST_F(NodePods, BoundsEachRoundTripByTheTimeout)
{
    const auto pods = source(true, true);
    api_server->fail(failure::timed_out, "no connection");
    kubelet->answer(200, std::string(list_of_x));
    EXPECT_EQ(pod(*pods).value(), pod_x);
    EXPECT_EQ(api_server->limits[0].limit(), 10s);
    EXPECT_EQ(kubelet->limits[0].limit(), 10s);
}

TEST_F(NodePods, WhoHasLittleTimeLeavesHalfOfItForTheKubelet)
{
    const auto pods = source(true, true);
    const pod_reference which = pod_reference::parse("default", "x").value();
    api_server->hang();
    kubelet->answer(200, std::string(list_of_x));
    EXPECT_EQ(run_task(pods->pod(which, deadline::in(1s))).value(), pod_x);
    EXPECT_EQ(api_server->asked.size(), 1U);
}

TEST_F(NodePods, IdenticalQuestionsShareOneCall)
{
    boost::asio::io_context reactor(1);
    task_group group(reactor.get_executor(), log);
    const auto pods = source(true, false);
    const pod_reference which = pod_reference::parse("default", "x").value();
    std::vector<std::string> answers;
    const auto ask = [&]() -> task<> {
        const auto got = co_await pods->pod(which, deadline::in(30s));
        answers.push_back(got ? *got : got.error().message());
    };
    api_server->answer(200, std::string(pod_x));
    for (int i = 0; i < 5; ++i) group.spawn("ask", ask());
    reactor.run();
    EXPECT_EQ(answers, std::vector<std::string>(5, std::string(pod_x)));
    EXPECT_EQ(api_server->asked.size(), 1U);
}

}  // namespace
}  // namespace nodescope::kubernetes
