#include "collectors/runtime/docker/docker_client.hpp"
#include "collectors/runtime/circuit_breaker.hpp"
#include "tests/support/fake_peer.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/collectors/runtime/hostile_ids.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace nodescope::docker {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::fake_peer;
using testing::run_task;
using testing::temporary_directory;

const std::string id_a(64, 'a');

std::string target_of(const std::string& request)
{
    const auto begin = request.find(' ') + 1;
    return request.substr(begin, request.find(' ', begin) - begin);
}

std::string inspect_body(const std::string& id, const std::string& name)
{
    return R"({"Id":")" + id + R"(","Name":"/)" + name + R"(","State":{"Status":"running","Pid":42}})";
}

/// A client of a fake daemon whose answers a test gives by target ("/v1.41/info").
class DockerClient : public ::testing::Test {
protected:
    using answer = std::function<void(fake_peer::session&, const std::string& target)>;

    void play(answer reply, std::string version = "1.41")
    {
        peer.reset();
        peer = std::make_unique<fake_peer>(socket, [reply = std::move(reply), version](fake_peer::session& on) {
            for (;;) {
                const std::string request = on.read_request();
                if (request.empty()) return;
                if (target_of(request) == "/_ping") {
                    on.answer("OK", version.empty() ? "" : "Api-Version: " + version + "\r\n");
                } else {
                    reply(on, target_of(request));
                }
            }
        });
    }

    client& with(steady_clock::duration timeout = 10s, const std::string& version = "")
    {
        client_options options(timeout);
        options.host = "unix://" + socket;
        options.api_version = version;
        auto made = make_client(reactor.get_executor(), options, log);
        EXPECT_TRUE(made) << made.error();
        made_ = std::move(*made);
        return *made_;
    }

    result<shared_body> list(client& docker) { return run_task(reactor, docker.list_containers(deadline::in(10s))); }
    result<shared_body> info(client& docker) { return run_task(reactor, docker.info(deadline::in(10s))); }
    result<container> inspect(client& docker, const std::string& id)
    {
        const auto reference = container_reference::parse(id);
        EXPECT_TRUE(reference) << reference.error();
        return run_task(reactor, docker.inspect(*reference, deadline::in(10s)));
    }

    temporary_directory directory;
    std::string socket = (directory.path() / "docker.sock").string();
    logger log{log_level::error, log_format::text};
    asio::io_context reactor{1};
    std::unique_ptr<fake_peer> peer;
    std::unique_ptr<client> made_;
};

TEST_F(DockerClient, AsksOnlyVersionedPathsOfTheNegotiatedVersion)
{
    const std::pair<std::string, std::string> engines[] = {
        {"1.24", "1.24"}, {"1.41", "1.41"}, {"1.44", "1.44"}, {"1.52", "1.44"}, {"", "1.24"}};
    for (const auto& [engine, spoken] : engines) {
        play([](fake_peer::session& on, const std::string&) { on.answer("[{\"Id\":1}]\n"); }, engine);
        client& docker = with();
        const auto got = list(docker);
        ASSERT_TRUE(got) << got.error();
        EXPECT_EQ(**got, "[{\"Id\":1}]");
        ASSERT_TRUE(list(docker));
        const std::vector<std::string> expected = {"GET /_ping HTTP/1.1",
                                                   "GET /v" + spoken + "/containers/json?all=1 HTTP/1.1",
                                                   "GET /v" + spoken + "/containers/json?all=1 HTTP/1.1"};
        EXPECT_EQ(peer->request_lines(), expected);
        EXPECT_NE(peer->requests().at(0).find("\r\nHost: docker\r\n"), std::string::npos);
    }
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

TEST_F(DockerClient, RefusesAnEngineThatIsTooOld)
{
    play([](fake_peer::session& on, const std::string&) { on.answer("[]"); }, "1.22");
    const auto got = list(with());
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind(), failure::failed);
    EXPECT_EQ(peer->request_lines().size(), 1U);
}

TEST_F(DockerClient, ConfiguredVersionIsNotNegotiated)
{
    play([](fake_peer::session& on, const std::string&) {
        on.answer("client version 1.30 is too old. Minimum supported API version is 1.44", "", "400 Bad Request");
    });
    const auto got = list(with(10s, "1.30"));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().message(),
              "docker: GET /containers/json: the daemon answered 400: client version 1.30 is too old. "
              "Minimum supported API version is 1.44");
    EXPECT_EQ(peer->request_lines(), std::vector<std::string>{"GET /v1.30/containers/json?all=1 HTTP/1.1"});
}

TEST_F(DockerClient, NegotiatesAgainWhenTheEngineIsReplaced)
{
    const auto serve = [this](const std::string& version) {
        play(
            [version](fake_peer::session& on, const std::string& target) {
                if (target.starts_with("/v" + version + "/")) {
                    on.answer("[]", "Api-Version: " + version + "\r\n");
                } else if (version == "1.44") {
                    on.answer("client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade",
                              "", "400 Bad Request");
                } else {
                    on.answer(R"({"message":"client version 1.44 is too new. Maximum supported API version is 1.41"})",
                              "", "400 Bad Request");
                }
            },
            version);
    };
    serve("1.41");
    client& docker = with();
    ASSERT_TRUE(list(docker));
    for (const std::string version : {"1.44", "1.41", "1.44"}) {
        serve(version);
        const auto got = list(docker);
        ASSERT_TRUE(got) << got.error();
        EXPECT_TRUE(peer->request_lines().back().starts_with("GET /v" + version + "/"));
    }
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
    for (const char* body : {"{}", "null", "", "[", "<html>", "[1]x"}) {
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
    const auto give_up = steady_clock::now() + testing::hang_limit;
    while (peer->request_lines().size() < 2 && steady_clock::now() < give_up) reactor.run_for(1ms);
    go = true;
    while (answered < 20 && steady_clock::now() < give_up) reactor.run_for(1ms);
    EXPECT_EQ(answered, 20);
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
    const auto give_up = steady_clock::now() + testing::hang_limit;
    while (at_once < 8 && steady_clock::now() < give_up) reactor.run_for(1ms);
    go = true;
    while (ended < 20 && steady_clock::now() < give_up) reactor.run_for(1ms);
    EXPECT_EQ(answered, 20);
    EXPECT_EQ(most, 8);
}

TEST_F(DockerClient, FindsAContainerByItsPod)
{
    const std::string entry = R"([{"Id":")" + id_a +
                              R"(","State":"running","Labels":{"io.kubernetes.pod.namespace":"ns",)" +
                              R"("io.kubernetes.pod.name":"pod","io.kubernetes.container.name":"app"}}])";
    play([&](fake_peer::session& on, const std::string& target) {
        on.answer(target.find("filters=") != std::string::npos ? entry : inspect_body(id_a, "k8s_app"));
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
    logger log(log_level::error, log_format::text);
    client_options options(10s);
    options.host = "ssh://node";
    EXPECT_EQ(make_client(reactor.get_executor(), options, log).error().kind(), failure::invalid);
    options.host = "";
    EXPECT_TRUE(make_client(reactor.get_executor(), options, log));
    options.api_version = "latest";
    EXPECT_EQ(make_client(reactor.get_executor(), options, log).error().kind(), failure::invalid);
}

}  // namespace
}  // namespace nodescope::docker
