#include "collectors/http_client/http_client.hpp"
#include "tests/support/fake_peer.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

namespace nodescope::http_client {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::fake_peer;
using testing::run_task;

class Pool : public ::testing::Test {
protected:
    std::unique_ptr<client> make(const fake_peer& peer, options how = {})
    {
        return make_client(reactor.get_executor(), endpoint(endpoint::transport::tcp, "", "127.0.0.1", peer.port()),
                           tls_identity(), how)
            .value();
    }
    outcome ask(client& with, const std::string& method = "GET")
    {
        return run_task(reactor, with.round_trip(request(method, "/x"), deadline::in(10s)));
    }
    asio::io_context reactor{1};
};

void answer_all(fake_peer::session& on)
{
    while (!on.read_request().empty()) on.answer("ok");
}

TEST_F(Pool, KeepsOneConnectionForCallsInTurn)
{
    fake_peer peer(answer_all);
    const auto with = make(peer);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(ask(*with).answer);
    EXPECT_EQ(peer.connections(), 1);
}

TEST_F(Pool, DropIdleAndIdleLifetimeCloseConnections)
{
    fake_peer peer(answer_all);
    const auto with = make(peer);
    ASSERT_TRUE(ask(*with).answer);
    with->drop_idle();
    ASSERT_TRUE(ask(*with).answer);
    EXPECT_EQ(peer.connections(), 2);

    options how;
    how.idle_lifetime = std::chrono::seconds(0);
    const auto forgetful = make(peer, how);
    ASSERT_TRUE(ask(*forgetful).answer);
    ASSERT_TRUE(ask(*forgetful).answer);
    EXPECT_EQ(peer.connections(), 4);
}

TEST_F(Pool, ClosesWhatHasOutlivedItsTimeWithoutBeingAsked)
{
    std::atomic<int> closed{0};
    fake_peer peer([&](fake_peer::session& on) {
        answer_all(on);
        ++closed;
    });
    options how;
    how.idle_lifetime = std::chrono::seconds(0);
    const auto with = make(peer, how);
    ASSERT_TRUE(ask(*with).answer);
    EXPECT_TRUE(testing::run_until(reactor, [&] { return closed == 1; }));
}

TEST_F(Pool, NoticesAConnectionThatThePeerHasClosed)
{
    std::atomic<int> closed{0};
    fake_peer peer([&](fake_peer::session& on) {
        on.read_request();
        on.answer("ok");
        on.hang_up();
        ++closed;
    });
    const auto with = make(peer);
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(ask(*with, "POST").answer) << i;
        while (closed <= i) std::this_thread::yield();
    }
    EXPECT_EQ(peer.connections(), 3);
}

TEST_F(Pool, RepeatsAGetOnceWhenAPooledConnectionClosesUnanswered)
{
    // Given a peer that closes the first connection upon its second request, unanswered.
    fake_peer peer([](fake_peer::session& on) {
        on.read_request();
        on.answer("first");
        if (on.read_request().empty() || on.number() == 0) return;
        on.answer("second");
    });
    const auto with = make(peer);
    ASSERT_TRUE(ask(*with).answer);
    const outcome again = ask(*with);
    ASSERT_TRUE(again.answer) << again.why.message;
    EXPECT_EQ(again.answer->body, "first");
    EXPECT_EQ(peer.connections(), 2);
}

TEST_F(Pool, RepeatsOnlyOnce)
{
    fake_peer peer([](fake_peer::session& on) {
        on.read_request();
        if (on.number() > 0) return;
        on.answer("first");
        on.read_request();
    });
    const auto with = make(peer);
    ASSERT_TRUE(ask(*with).answer);
    const outcome again = ask(*with);
    ASSERT_FALSE(again.answer);
    EXPECT_EQ(again.why.kind, failure::unavailable);
    EXPECT_EQ(again.why.message, "the connection was closed before any byte of the answer");
    EXPECT_EQ(peer.connections(), 2);
}

TEST_F(Pool, RepeatsNeitherAPostNorAGetThatGotAByte)
{
    fake_peer post_peer([](fake_peer::session& on) {
        on.read_request();
        on.answer("first");
        on.read_request();
    });
    const auto posting = make(post_peer);
    ASSERT_TRUE(ask(*posting).answer);
    EXPECT_FALSE(ask(*posting, "POST").answer);
    EXPECT_EQ(post_peer.connections(), 1);

    fake_peer get_peer([](fake_peer::session& on) {
        on.read_request();
        on.answer("first");
        on.read_request();
        on.send("H");
    });
    const auto getting = make(get_peer);
    ASSERT_TRUE(ask(*getting).answer);
    EXPECT_FALSE(ask(*getting).answer);
    EXPECT_EQ(get_peer.connections(), 1);
}

TEST_F(Pool, NeverReusesAConnectionThatIsNotClean)
{
    const std::vector<std::string> unclean = {
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    };
    for (const std::string& text : unclean) {
        fake_peer peer([&](fake_peer::session& on) {
            while (!on.read_request().empty()) on.send(text);
        });
        const auto with = make(peer);
        ASSERT_TRUE(ask(*with).answer);
        ASSERT_TRUE(ask(*with).answer);
        EXPECT_EQ(peer.connections(), 2) << text;
    }
}

TEST_F(Pool, KeepsAtMostItsLimit)
{
    std::atomic<int> waiting{0};
    std::atomic<int> closed{0};
    fake_peer peer([&](fake_peer::session& on) {
        on.read_request();
        ++waiting;
        while (waiting < 12) std::this_thread::yield();
        on.answer("ok");
        on.wait_for_close();
        ++closed;
    });
    const auto with = make(peer);
    int answered = 0;
    for (int i = 0; i < 12; ++i) {
        asio::co_spawn(reactor, with->round_trip(request("GET", "/x"), deadline::in(10s)),
                       [&](std::exception_ptr, const outcome& got) { answered += got.answer ? 1 : 0; });
    }
    EXPECT_TRUE(testing::run_until(reactor, [&] { return answered == 12 && closed >= 4; }));
    EXPECT_EQ(closed, 4);
}

TEST(Names, AreResolvedAndAFailureSaysSo)
{
    asio::io_context reactor(1);
    fake_peer peer(answer_all);
    const auto local =
        make_client(reactor.get_executor(), endpoint(endpoint::transport::tcp, "", "localhost", peer.port()),
                    tls_identity(), options())
            .value();
    const outcome got = run_task(reactor, local->round_trip(request("GET", "/x"), deadline::in(10s)));
    ASSERT_TRUE(got.answer) << got.why.message;

    const auto nowhere =
        make_client(reactor.get_executor(), endpoint(endpoint::transport::tcp, "", "no such name", peer.port()),
                    tls_identity(), options())
            .value();
    const outcome not_got = run_task(reactor, nowhere->round_trip(request("GET", "/x"), deadline::in(10s)));
    ASSERT_FALSE(not_got.answer);
    EXPECT_EQ(not_got.why.where, phase::resolve);
    EXPECT_TRUE(not_got.why.message.starts_with("resolve no such name: ")) << not_got.why.message;
}

}  // namespace
}  // namespace nodescope::http_client
