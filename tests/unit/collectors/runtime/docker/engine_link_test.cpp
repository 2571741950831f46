// Which version is spoken, with which engine, and where, by the requests that a client sends.
#include "tests/unit/collectors/runtime/docker/docker_client_fixture.hpp"

#include <gtest/gtest.h>

namespace nodescope::docker {
namespace {

TEST_F(DockerClient, AsksOnlyVersionedPathsOfTheNegotiatedVersion)
{
    const std::pair<std::string, std::string> engines[] = {{"1.24", "1.24"}, {"1.41", "1.41"}, {"1.44", "1.44"},
                                                           {"1.52", "1.52"}, {"1.56", "1.56"}, {"1.57", "1.56"},
                                                           {"", "1.24"}};
    for (const auto& [engine, spoken] : engines) {
        play([](fake_peer::session& on, const std::string&) { on.answer("[{\"Id\":1}]\n"); }, engine);
        client& docker = with();
        const auto got = list(docker);
        ASSERT_TRUE(got) << got.error();
        EXPECT_EQ((*got)->text, "[{\"Id\":1}]");
        ASSERT_TRUE(list(docker));
        const std::vector<std::string> expected = {"GET /_ping HTTP/1.1",
                                                   "GET /v" + spoken + "/containers/json?all=1 HTTP/1.1",
                                                   "GET /v" + spoken + "/containers/json?all=1 HTTP/1.1"};
        EXPECT_EQ(peer->request_lines(), expected);
        EXPECT_NE(peer->requests().at(0).find("\r\nHost: docker\r\n"), std::string::npos);
    }
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

TEST_F(DockerClient, SaysWhichVersionAnEngineWantsThatIsTooNew)
{
    const std::string refusal = "client version 1.56 is too old. Minimum supported API version is 1.60, please upgrade";
    play(
        [&](fake_peer::session& on, const std::string& target) {
            if (target == "/version") on.answer(R"({"ApiVersion":"1.70","MinAPIVersion":"1.60"})");
            else on.answer(refusal, "", "400 Bad Request");
        },
        "1.70");
    client& docker = with();
    const auto got = list(docker);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind(), failure::failed);
    EXPECT_EQ(got.error().message(),
              "docker: the daemon wants API version 1.60 or newer (its MinAPIVersion); 1.56 is the newest that this "
              "service speaks");
    // One that does not say so has its own words.
    play([&](fake_peer::session& on, const std::string&) { on.answer(refusal, "", "400 Bad Request"); }, "1.70");
    EXPECT_EQ(list(docker).error().message(), "docker: GET /containers/json: the daemon answered 400: " + refusal);
}

TEST_F(DockerClient, TellsPodmanByItsHeader)
{
    const std::string podman = "Libpod-Api-Version: 4.3.1\r\n";
    play([&](fake_peer::session& on, const std::string&) { on.answer(inspect_body(id_a, "web"), podman); });
    client& docker = with();
    EXPECT_EQ(docker.kind(), engine_kind::docker) << "before anything was heard";
    const auto got = inspect(docker, "web");
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->runtime, "podman");
    EXPECT_EQ(docker.kind(), engine_kind::podman);
    EXPECT_EQ(docker.name(), "docker") << "it is what the configuration calls it";
    EXPECT_TRUE(docker.answers_to(reference_scheme::podman));
    EXPECT_FALSE(docker.answers_to(reference_scheme::docker));
    // Replaced by Docker at the same place.
    play([](fake_peer::session& on, const std::string&) {
        on.answer(inspect_body(id_a, "web"), "Api-Version: 1.41\r\n");
    });
    EXPECT_EQ(inspect(docker, "web")->runtime, "docker");
    EXPECT_TRUE(docker.answers_to(reference_scheme::docker));
}

TEST_F(DockerClient, OfPodmanSpeaksOfPodman)
{
    client_options options(10s);
    options.expected = engine_kind::podman;
    options.host = "unix://" + socket;
    const auto made = make_client(reactor.get_executor(), workers, options, log);
    ASSERT_TRUE(made) << made.error();
    EXPECT_EQ((*made)->name(), "podman");
    EXPECT_EQ(list(**made).error().message(),
              "Cannot connect to Podman at unix://" + socket + ". Does its service run (podman.socket)?");
    play([](fake_peer::session& on, const std::string&) {
        on.answer(
            R"({"cause":"no such container","message":"no container with name or ID \"web\" found: no such container","response":404})",
            "", "404 Not Found");
    });
    EXPECT_EQ(inspect(**made, "web").error().message(),
              "podman: GET /containers/web/json: the daemon answered 404: no container with name or ID \"web\" found: "
              "no such container");
}

TEST_F(DockerClient, LooksForTheUsualSocketsEachTime)
{
    client_options options(10s);
    const std::string first = (directory.path() / "first.sock").string();
    options.usual = {first, socket};
    const auto made = make_client(reactor.get_executor(), workers, options, log);
    ASSERT_TRUE(made) << made.error();
    client& docker = **made;
    EXPECT_FALSE(docker.is_there());
    EXPECT_EQ(docker.endpoint(), "unix://" + first);
    play([](fake_peer::session& on, const std::string&) { on.answer("[2]"); });
    EXPECT_TRUE(docker.is_there());
    EXPECT_EQ(docker.endpoint(), "unix://" + socket);
    EXPECT_EQ((*list(docker))->text, "[2]");
    const fake_peer preferred(first, [](fake_peer::session& on) {
        for (std::string asked = on.read_request(); !asked.empty(); asked = on.read_request()) {
            const bool ping = target_of(asked) == "/_ping";
            on.answer(ping                                                 ? "OK"
                      : target_of(asked) == "/v1.44/containers/json?all=1" ? "[1]"
                                                                           : "[]",
                      ping ? "Api-Version: 1.44\r\n" : "");
        }
    });
    EXPECT_EQ((*list(docker))->text, "[1]") << "another engine, and its version";
}

}  // namespace
}  // namespace nodescope::docker
