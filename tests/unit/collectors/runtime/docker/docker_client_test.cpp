#include "collectors/runtime/docker/docker_client.hpp"
#include "collectors/runtime/circuit_breaker.hpp"
#include "tests/unit/collectors/runtime/docker/docker_client_fixture.hpp"
#include "tests/unit/collectors/runtime/hostile_ids.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace nodescope::docker {
namespace {

TEST_F(DockerClient, LabelsThatAreTooLongDoNotDenyTheList)
{
    std::string quotes;
    for (std::size_t at = 0; at < (32U << 20U); at += 2) quotes += "\\\"";
    const std::string before = R"([{"Id":"a","Labels":{"big":")";
    play([&](fake_peer::session& on, const std::string&) {
        on.answer(before + quotes + R"(","small":"x"}},{"Id":"b"}])");
    });
    client& docker = with();
    const auto got = list(docker);
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ((*got)->text, R"([{"Id":"a","Labels":{"small":"x"}},{"Id":"b"}])");
    EXPECT_EQ((*got)->left_out, 1U);
    EXPECT_EQ(docker.left_out(), 1U);
}

TEST_F(DockerClient, ALongListIsReadAllTheSame)
{
    std::string body = "[";
    for (int at = 0; at < 2000; ++at)
        body += R"({"Names":["/one"],"Labels":{"a":")" + std::string(500, 'x') + R"("}},)";
    body += "{}]";
    play([&](fake_peer::session& on, const std::string&) { on.answer(body); });
    auto got = list(with());
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ((*got)->text, body);
    EXPECT_TRUE((*got)->place);
    // The next one has its place only then.
    got->reset();
    body.back() = ' ';
    const auto refused = list(*made_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), failure::malformed);
}

TEST_F(DockerClient, ReadsWhatTheEngineSaysOfItself)
{
    const std::string said = R"({"Version":"20.10.24+dfsg1","ApiVersion":"1.41","Platform":{"Name":""}})";
    play([&](fake_peer::session& on, const std::string&) { on.answer(said); });
    const auto got = run_task(reactor, with().facts(deadline::in(10s)));
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->version, "20.10.24+dfsg1");
    EXPECT_EQ(got->api_version, "1.41");
    EXPECT_EQ(peer->request_lines().back(), "GET /v1.41/version HTTP/1.1");
}

TEST_F(DockerClient, UnreachableDaemonGivesTheKnownSentence)
{
    const auto got = list(with());
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind(), failure::unavailable);
    EXPECT_EQ(got.error().message(),
              "Cannot connect to the Docker daemon at unix://" + socket + ". Is the docker daemon running?");
}

TEST_F(DockerClient, EngineErrorsKeepTheirMessageAndKind)
{
    struct engine_error {
        std::string status;
        failure kind;
    };
    const engine_error errors[] = {{"404 Not Found", failure::gone},
                                   {"409 Conflict", failure::conflict},
                                   {"500 Internal Server Error", failure::failed},
                                   {"503 Service Unavailable", failure::failed},
                                   {"400 Bad Request", failure::failed}};
    for (const engine_error& one : errors) {
        play([&](fake_peer::session& on, const std::string&) {
            on.answer(R"({"message":"it is so"})", "", one.status);
        });
        const auto got = inspect(with(), "web");
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().kind(), one.kind);
        EXPECT_EQ(got.error().message(),
                  "docker: GET /containers/web/json: the daemon answered " + one.status.substr(0, 3) + ": it is so");
    }
}

TEST_F(DockerClient, NeverFollowsARedirect)
{
    fake_peer canary([](fake_peer::session& on) { on.read_request(); });
    for (const std::string status :
         {"301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"}) {
        play([&](fake_peer::session& on, const std::string&) {
            on.answer("", "Location: http://127.0.0.1:" + std::to_string(canary.port()) + "/\r\n", status);
        });
        const auto got = list(with());
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().kind(), failure::malformed);
        EXPECT_EQ(peer->request_lines().size(), 2U);
    }
    EXPECT_EQ(canary.connections(), 0);
}

TEST_F(DockerClient, DeadlineNamesOperationPhaseAndLimit)
{
    play([](fake_peer::session& on, const std::string&) { on.wait_for_close(); });
    const auto got = info(with(200ms));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind(), failure::timed_out);
    EXPECT_EQ(got.error().message(), "docker: GET /info: no response header within 200ms");

    client& docker = with();
    const auto shorter = run_task(reactor, docker.info(deadline::in(100ms)));
    ASSERT_FALSE(shorter);
    // Whoever asked could not wait as long as the call may last.
    EXPECT_EQ(shorter.error().message(), "docker: GET /info: no result within 100ms");
}

TEST_F(DockerClient, AnswersThatAreNotWhatWasAskedForAreMalformed)
{
    for (const char* body : {"{}", "nil", "", "[", "<html>", "[1]x"}) {
        play([&](fake_peer::session& on, const std::string&) { on.answer(body); });
        const auto got = list(with());
        ASSERT_FALSE(got) << body;
        EXPECT_EQ(got.error().kind(), failure::malformed);
        EXPECT_TRUE(
            got.error().message().starts_with("docker: GET /containers/json: the daemon's answer is not usable: "))
            << got.error();
    }
    play([&](fake_peer::session& on, const std::string&) { on.answer("[]"); });
    EXPECT_FALSE(info(with()));
}

TEST_F(DockerClient, InspectChecksWhomItWasToldAbout)
{
    play([](fake_peer::session& on, const std::string&) { on.answer(inspect_body(id_a, "web")); });
    client& docker = with();
    const auto by_name = inspect(docker, "web");
    ASSERT_TRUE(by_name) << by_name.error();
    EXPECT_EQ(by_name->pid, 42);
    EXPECT_EQ(by_name->id, id_a);
    EXPECT_TRUE(inspect(docker, "docker://" + id_a));
    EXPECT_TRUE(inspect(docker, id_a.substr(0, 12)));
    EXPECT_EQ(inspect(docker, "a").error().kind(), failure::conflict);
    EXPECT_EQ(inspect(docker, "other").error().kind(), failure::conflict);
}

// Whatever comes in, only these request lines go out.
TEST_F(DockerClient, HostileIdsNeverReachTheDaemon)
{
    play([](fake_peer::session& on, const std::string&) { on.answer(inspect_body(id_a, "web")); });
    client& docker = with();
    for (const std::string& id : testing::hostile_ids()) {
        const auto reference = container_reference::parse(id);
        if (reference) static_cast<void>(run_task(reactor, docker.inspect(*reference, deadline::in(10s))));
    }
    EXPECT_TRUE(peer->request_lines().empty());
}

TEST_F(DockerClient, InfoIsReusedForASecond)
{
    play([](fake_peer::session& on, const std::string&) { on.answer("{\"Name\":\"n\"}"); });
    client& docker = with();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(info(docker));
    EXPECT_LE(peer->request_lines().size(), 3U) << "the ping and, on a very slow machine, a second read";
}

TEST_F(DockerClient, IdenticalReadsInFlightShareOneCall)
{
    std::atomic<bool> go{false};
    play([&](fake_peer::session& on, const std::string&) {
        while (!go) std::this_thread::yield();
        on.answer("[]");
    });
    client& docker = with();
    int answered = 0;
    for (int i = 0; i < 20; ++i) {
        asio::co_spawn(reactor, docker.list_containers(deadline::in(10s)),
                       [&](std::exception_ptr, const result<shared_body>& got) { answered += got ? 1 : 0; });
    }
    EXPECT_TRUE(testing::run_until(reactor, [&] { return peer->request_lines().size() >= 2; }));
    go = true;
    EXPECT_TRUE(testing::run_until(reactor, [&] { return answered == 20; }));
    EXPECT_EQ(peer->request_lines().size(), 2U);
}

TEST_F(DockerClient, AStuckListFailsFastAndLeavesInspectAlone)
{
    play([](fake_peer::session& on, const std::string& target) {
        if (target.find("all=1") != std::string::npos) {
            on.wait_for_close();
        } else {
            on.answer(inspect_body(id_a, "web"));
        }
    });
    client& docker = with(50ms);
    for (int i = 0; i < circuit_breakers::misses_to_open; ++i)
        EXPECT_EQ(list(docker).error().kind(), failure::timed_out);
    const auto asked = peer->request_lines().size();
    const auto refused = list(docker);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), failure::unavailable);
    EXPECT_EQ(peer->request_lines().size(), asked) << "failing fast asks nobody";
    EXPECT_TRUE(inspect(docker, "web"));
}

TEST_F(DockerClient, AtMostEightCallsAtOnce)
{
    std::atomic<int> at_once{0};
    std::atomic<int> most{0};
    std::atomic<bool> go{false};
    play([&](fake_peer::session& on, const std::string& target) {
        const int now = ++at_once;
        int before = most;
        while (before < now && !most.compare_exchange_weak(before, now)) {
        }
        while (!go) std::this_thread::yield();
        --at_once;
        const auto name = target.substr(18, target.rfind('/') - 18);
        on.answer(inspect_body(id_a, name));
    });
    client& docker = with(10s, "1.41");
    int answered = 0;
    int ended = 0;
    for (int i = 0; i < 20; ++i) {
        const auto reference = container_reference::parse("c" + std::to_string(i));
        asio::co_spawn(reactor, docker.inspect(*reference, deadline::in(10s)),
                       [&](std::exception_ptr, const result<container>& got) {
                           answered += got ? 1 : 0;
                           ++ended;
                       });
        reactor.run_for(1ms);
    }
    EXPECT_TRUE(testing::run_until(reactor, [&] { return at_once >= 8; }));
    go = true;
    EXPECT_TRUE(testing::run_until(reactor, [&] { return ended == 20; }));
    EXPECT_EQ(answered, 20);
    EXPECT_EQ(most, 8);
}

TEST_F(DockerClient, FindsAContainerByItsPod)
{
    const std::string entry =
        R"([{"Id":")" + id_a +
        R"(","Names":["/k8s_app_pod_ns_u_0"],"State":"running","Labels":{"io.kubernetes.pod.namespace":"ns",)" +
        R"("io.kubernetes.pod.name":"pod","io.kubernetes.container.name":"app"}}])";
    play([&](fake_peer::session& on, const std::string& target) {
        on.answer(target.find("filters=") != std::string::npos ? entry : inspect_body(id_a, "k8s_app_pod_ns_u_0"));
    });
    client& docker = with();
    const auto got = run_task(reactor, docker.find_pod_container("ns", "pod", "app", deadline::in(10s)));
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->pid, 42);
    EXPECT_EQ(
        peer->request_lines().at(1),
        "GET "
        "/v1.41/containers/json?filters=%7B%22label%22%3A%5B%22io.kubernetes.pod.namespace%3Dns%22%2C%22io.kubernetes."
        "pod.name%3Dpod%22%2C%22io.kubernetes.container.name%3Dapp%22%5D%7D HTTP/1.1");
    const auto none = run_task(reactor, docker.find_pod_container("ns", "other", "", deadline::in(10s)));
    EXPECT_EQ(none.error().kind(), failure::gone);
}

TEST_F(DockerClient, SurvivesARestartOfTheDaemonBetweenTwoCalls)
{
    const auto reply = [](fake_peer::session& on, const std::string&) { on.answer("[]"); };
    play(reply);
    client& docker = with();
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(list(docker)) << i;
        play(reply);
    }
}

TEST(MakeDockerClient, RefusesWhatCannotBeAnEndpoint)
{
    asio::io_context reactor(1);
    worker_pool workers;
    logger log(log_level::error, log_format::text);
    client_options options(10s);
    options.host = "ssh://node";
    EXPECT_EQ(make_client(reactor.get_executor(), workers, options, log).error().kind(), failure::invalid);
    options.host = "";
    EXPECT_TRUE(make_client(reactor.get_executor(), workers, options, log));
    options.api_version = "latest";
    EXPECT_EQ(make_client(reactor.get_executor(), workers, options, log).error().kind(), failure::invalid);
}

}  // namespace
}  // namespace nodescope::docker
