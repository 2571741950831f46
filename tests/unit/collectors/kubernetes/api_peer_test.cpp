#include "collectors/kubernetes/api_peer.hpp"

#include "tests/support/run_task.hpp"
#include "tests/unit/collectors/kubernetes/fake_client.hpp"

#include <gtest/gtest.h>

namespace nodescope::kubernetes {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

/// A peer whose credentials, clock and connections the test holds in its hands.
struct ApiPeer : ::testing::Test {
    result<api_access> read()
    {
        ++reads;
        if (unreadable) return error(failure::invalid, "kubeconfig /k: token: /t holds no token");
        api_access access(parse_server_url("https://10.0.0.1:6443/base").value());
        access.token = token;
        access.tls.ca_pem = ca;
        return access;
    }
    result<std::shared_ptr<http_client::client>> connect(const api_access&)
    {
        ++connects;
        return std::shared_ptr<http_client::client>(client);
    }
    result<std::string> get() { return run_task(peer.get("/api/v1/x", 100, deadline::in(10s))); }

    std::string token = "first";
    std::string ca = "ca";
    bool unreadable = false;
    int reads = 0;
    int connects = 0;
    steady_clock::time_point now;
    std::vector<std::string> lines;
    std::shared_ptr<fake_client> client = std::make_shared<fake_client>();
    logger log{log_level::debug, log_format::json, [this](std::string_view line) { lines.emplace_back(line); }};
    api_peer peer{"API server", [this] { return read(); }, [this](const api_access& to) { return connect(to); }, log,
                  [this] { return now; }};
};

TEST_F(ApiPeer, AsksWithBasePathHostTokenAndLimit)
{
    client->answer(200, "body");
    EXPECT_EQ(get().value(), "body");
    ASSERT_EQ(client->asked.size(), 1U);
    EXPECT_EQ(client->asked[0].method, "GET");
    EXPECT_EQ(client->asked[0].target, "/base/api/v1/x");
    EXPECT_EQ(client->asked[0].host, "10.0.0.1:6443");
    EXPECT_EQ(client->asked[0].body_limit, 100U);
    EXPECT_EQ(client->authorization(0), "Bearer first");
}

TEST_F(ApiPeer, SendsNoAuthorizationWithoutAToken)
{
    token.clear();
    client->answer(200, "body");
    ASSERT_TRUE(get());
    EXPECT_EQ(client->authorization(0), "");
}

// A replaced token is noticed after a minute at most.
TEST_F(ApiPeer, ReadsTheTokenAnewEveryMinute)
{
    for (int i = 0; i < 3; ++i) client->answer(200, "body");
    ASSERT_TRUE(get());
    token = "second";
    now += 59s;
    ASSERT_TRUE(get());
    EXPECT_EQ(client->authorization(1), "Bearer first");
    now += 1s;
    ASSERT_TRUE(get());
    EXPECT_EQ(client->authorization(2), "Bearer second");
    EXPECT_EQ(reads, 2);
    EXPECT_EQ(connects, 1);
}

TEST_F(ApiPeer, ReadsTheTokenAnewAfterA401AndRepeatsOnce)
{
    client->answer(200, "body");
    ASSERT_TRUE(get());
    token = "second";
    client->answer(401, "Unauthorized");
    client->answer(200, "again");
    EXPECT_EQ(get().value(), "again");
    EXPECT_EQ(client->authorization(2), "Bearer second");

    token = "third";
    client->answer(401, "Unauthorized");
    client->answer(401, "Unauthorized");
    const auto refused = get();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), failure::denied);
    EXPECT_EQ(client->asked.size(), 5U);
}

TEST_F(ApiPeer, DoesNotRepeatA401WithTheSameToken)
{
    client->answer(401, "Unauthorized");
    ASSERT_FALSE(get());
    EXPECT_EQ(client->asked.size(), 1U);
    EXPECT_EQ(reads, 2);
}

TEST_F(ApiPeer, ConnectsAnewWhenTheCertificatesChange)
{
    client->answer(200, "body");
    ASSERT_TRUE(get());
    ca = "another ca";
    now += 60s;
    const auto old = client;
    client = std::make_shared<fake_client>();
    client->answer(200, "from the new one");
    EXPECT_EQ(get().value(), "from the new one");
    EXPECT_EQ(connects, 2);
    EXPECT_EQ(old->asked.size(), 1U);
}

TEST_F(ApiPeer, KeepsTheOldCredentialsWhenNewOnesCannotBeRead)
{
    client->answer(200, "body");
    ASSERT_TRUE(get());
    unreadable = true;
    now += 60s;
    client->answer(200, "body");
    ASSERT_TRUE(get());
    EXPECT_EQ(client->authorization(1), "Bearer first");
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_NE(lines[0].find("kubeconfig /k: token: /t holds no token"), std::string::npos);

    client->answer(401, "Unauthorized");
    EXPECT_FALSE(get());
    EXPECT_EQ(client->asked.size(), 3U);
}

TEST_F(ApiPeer, TriesAgainAtEachQuestionWhileThereAreNoCredentials)
{
    unreadable = true;
    const auto refused = get();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), error(failure::unavailable,
                                     "kubernetes: no credentials for the API server: kubeconfig "
                                     "/k: token: /t holds no token"));
    unreadable = false;
    client->answer(200, "body");
    EXPECT_EQ(get().value(), "body");
}

// Tokens never appear in a message.
TEST_F(ApiPeer, NeverWritesTheTokenAnywhere)
{
    token = "s3cret";
    client->answer(401, R"({"message":"token s3cret is unknown"})");
    const auto refused = get();
    ASSERT_FALSE(refused);
    EXPECT_EQ(
        refused.error().message(),
        "kubernetes: GET /base/api/v1/x: the API server at https://10.0.0.1:6443/base answered 401: token [token] "
        "is unknown");
    for (const std::string& line : lines) EXPECT_EQ(line.find("s3cret"), std::string::npos);
}

}  // namespace
}  // namespace nodescope::kubernetes
