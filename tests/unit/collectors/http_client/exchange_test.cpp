#include "collectors/http_client/http_client.hpp"
#include "tests/support/fake_peer.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

namespace nodescope::http_client {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::fake_peer;
using testing::run_task;
using testing::temporary_directory;

/// A reactor, a fake on a Unix socket and a client for it.
class RoundTrip : public ::testing::Test {
protected:
    std::unique_ptr<client> make(options how = {})
    {
        return make_client(reactor.get_executor(),
                           endpoint(endpoint::transport::unix_socket, (directory.path() / "peer.sock").string(), "", 0),
                           tls_identity(), how)
            .value();
    }
    std::unique_ptr<fake_peer> play(fake_peer::script script)
    {
        return std::make_unique<fake_peer>((directory.path() / "peer.sock").string(), std::move(script));
    }
    outcome ask(client& with, request call, steady_clock::duration limit = 10s)
    {
        return run_task(reactor, with.round_trip(std::move(call), deadline::in(limit)));
    }
    outcome get(client& with, steady_clock::duration limit = 10s) { return ask(with, request("GET", "/x"), limit); }

    asio::io_context reactor{1};
    temporary_directory directory;
};

TEST_F(RoundTrip, TakesALongAnswerOnlyInItsPlace)
{
    const std::string body(300'000, 'x');
    const auto peer = play([&body](fake_peer::session& on) {
        while (!on.read_request().empty()) on.answer(body);
    });
    const auto with = make();
    request call("GET", "/x");
    call.places = std::make_shared<slot_pool>("long answers", 1, 8);
    auto first = ask(*with, call);
    ASSERT_TRUE(first.answer) << first.why.message;
    EXPECT_EQ(first.answer->body, body);
    const outcome waiting = ask(*with, call, 50ms);
    ASSERT_FALSE(waiting.answer);
    EXPECT_EQ(waiting.why.kind, failure::overloaded) << "not the peer's fault";
    EXPECT_EQ(waiting.why.message, "long answers: all 1 places busy for 50ms");
    first.answer.reset();
    const outcome next = ask(*with, call);
    EXPECT_TRUE(next.answer) << next.why.message;
    EXPECT_TRUE(next.answer->place);
    call.free_bytes = body.size();
    EXPECT_TRUE(ask(*with, call).answer) << "short enough";
}

TEST_F(RoundTrip, GivesStatusHeadersAndBody)
{
    const auto peer = play([](fake_peer::session& on) {
        on.read_request();
        on.answer("hello", "Api-Version: 1.41\r\nX-Empty:\r\n", "404 Not Found");
    });
    const auto with = make();
    request call("GET", "/v1.41/info?x=%20");
    call.host = "docker";
    call.headers.emplace_back("Accept", "application/json");
    const outcome got = ask(*with, call);
    ASSERT_TRUE(got.answer) << got.why.message;
    EXPECT_EQ(got.answer->status, 404U);
    EXPECT_EQ(got.answer->body, "hello");
    EXPECT_EQ(got.answer->header("api-version"), "1.41");
    EXPECT_EQ(got.answer->header("absent"), "");
    const std::string sent = peer->requests().at(0);
    EXPECT_TRUE(sent.starts_with("GET /v1.41/info?x=%20 HTTP/1.1\r\nHost: docker\r\n")) << sent;
    EXPECT_NE(sent.find("\r\nAccept: application/json\r\n"), std::string::npos);
}

TEST_F(RoundTrip, PostsABody)
{
    const auto peer = play([](fake_peer::session& on) {
        on.read_request();
        on.answer("ok");
    });
    const auto with = make();
    request call("POST", "/review");
    call.body = "{\"a\":1}";
    const outcome got = ask(*with, call);
    ASSERT_TRUE(got.answer) << got.why.message;
    EXPECT_TRUE(peer->requests().at(0).ends_with("Content-Length: 7\r\n\r\n{\"a\":1}"));
}

TEST_F(RoundTrip, ReadsEveryFormOfBody)
{
    const std::vector<std::string> forms = {
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\n0123\r\n6\r\n456789\r\n0\r\nX: y\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\n0123456789",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789",
        std::string("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n") +
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789",
    };
    for (const bool bytewise : {false, true}) {
        for (const std::string& form : forms) {
            const auto peer = play([&](fake_peer::session& on) {
                on.read_request();
                if (bytewise) {
                    on.send_bytewise(form);
                } else {
                    on.send(form);
                }
            });
            const auto with = make();
            const outcome got = get(*with);
            ASSERT_TRUE(got.answer) << form << got.why.message;
            EXPECT_EQ(got.answer->body, "0123456789") << form;
        }
    }
}

TEST_F(RoundTrip, HeadAndNoContentHaveNoBody)
{
    const auto peer = play([](fake_peer::session& on) {
        on.read_request();
        on.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
        on.read_request();
        on.send("HTTP/1.1 204 No Content\r\n\r\n");
        on.read_request();
        on.answer("after");
    });
    const auto with = make();
    const outcome head = ask(*with, request("HEAD", "/_ping"));
    ASSERT_TRUE(head.answer) << head.why.message;
    EXPECT_EQ(head.answer->body, "");
    ASSERT_TRUE(get(*with).answer);
    EXPECT_EQ(get(*with).answer->body, "after");
    EXPECT_EQ(peer->connections(), 1);
}

TEST_F(RoundTrip, TruncatedAtEveryByteIsNeverAnAnswer)
{
    const std::vector<std::string> whole = {
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    };
    for (const std::string& text : whole) {
        for (std::size_t length = 0; length < text.size(); ++length) {
            const auto peer = play([&](fake_peer::session& on) {
                on.read_request();
                on.send(text.substr(0, length));
            });
            const auto with = make();
            const outcome got = get(*with);
            ASSERT_FALSE(got.answer) << length;
            EXPECT_EQ(got.why.kind, length == 0 ? failure::unavailable : failure::malformed) << length;
            EXPECT_EQ(got.why.where, length < text.find("\r\n\r\n") + 4 ? phase::header : phase::body) << length;
        }
    }
}

TEST_F(RoundTrip, GarbageIsMalformed)
{
    const std::vector<std::string> garbage = {
        "\x16\x03\x01 not http\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(300'000, 'x'),
    };
    for (const std::string& text : garbage) {
        const auto peer = play([&](fake_peer::session& on) {
            on.read_request();
            on.send(text);
            on.wait_for_close();
        });
        const auto with = make();
        const outcome got = get(*with);
        ASSERT_FALSE(got.answer) << text.substr(0, 80);
        EXPECT_EQ(got.why.kind, failure::malformed) << text.substr(0, 80) << got.why.message;
    }
}

TEST_F(RoundTrip, LimitsTheBodyInEveryForm)
{
    const std::string tail(1001, 'x');
    const std::vector<std::string> forms = {
        "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + tail,
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + tail,
        "HTTP/1.1 200 OK\r\n\r\n" + tail,
    };
    for (const std::string& text : forms) {
        const auto peer = play([&](fake_peer::session& on) {
            on.read_request();
            on.send(text);
            on.wait_for_close();
        });
        const auto with = make();
        request call("GET", "/x");
        call.body_limit = 1000;
        const outcome got = ask(*with, call);
        ASSERT_FALSE(got.answer) << text.substr(0, 80);
        EXPECT_EQ(got.why.kind, failure::too_large);
        EXPECT_EQ(got.why.message, "the response body is larger than 1000 bytes");
    }
}

TEST_F(RoundTrip, LimitsTheHeader)
{
    const auto peer = play([](fake_peer::session& on) {
        on.read_request();
        on.send("HTTP/1.1 200 OK\r\n");
        while (on.send("X-Header: 0123456789012345678901234567890123456789\r\n")) {
        }
    });
    const auto with = make();
    const outcome got = get(*with);
    ASSERT_FALSE(got.answer);
    EXPECT_EQ(got.why.kind, failure::too_large) << got.why.message;
}

struct stall {
    std::string sent;
    phase where;
    std::string message;
};

TEST_F(RoundTrip, DeadlineNamesThePhase)
{
    const std::vector<stall> stalls = {
        {"", phase::header, "no response header within 100ms"},
        {"HTTP/1.1 200 OK\r\nContent-Le", phase::header, "no response header within 100ms"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", phase::body, "response body not complete within 100ms"},
        {"HTTP/1.1 200 OK\r\n\r\nab", phase::body, "response body not complete within 100ms"},
    };
    for (const stall& one : stalls) {
        const auto peer = play([&](fake_peer::session& on) {
            on.read_request();
            on.send(one.sent);
            on.wait_for_close();
        });
        const auto with = make();
        const outcome got = get(*with, 100ms);
        ASSERT_FALSE(got.answer);
        EXPECT_EQ(got.why.kind, failure::timed_out);
        EXPECT_EQ(got.why.where, one.where);
        EXPECT_EQ(got.why.message, one.message);
    }
}

TEST_F(RoundTrip, EndlessTrickleEndsAtTheDeadline)
{
    const auto peer = play([](fake_peer::session& on) {
        on.read_request();
        on.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while (on.send("1\r\nx\r\n")) std::this_thread::yield();
    });
    const auto with = make();
    const outcome got = get(*with, 200ms);
    ASSERT_FALSE(got.answer);
    EXPECT_EQ(got.why.kind, failure::timed_out);
    EXPECT_EQ(got.why.where, phase::body);
}

TEST_F(RoundTrip, MissingRefusedAndForbiddenSocketsAreToldApart)
{
    const auto with = make();
    outcome got = get(*with);
    EXPECT_EQ(got.why.kind, failure::unavailable);
    EXPECT_EQ(got.why.where, phase::connect);
    EXPECT_EQ(got.why.error_number, ENOENT);
    EXPECT_EQ(got.why.message, "connect: No such file or directory");

    // A socket file that nobody listens on any more.
    const unique_fd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (directory.path() / "peer.sock").string().copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    got = get(*with);
    EXPECT_EQ(got.why.kind, failure::unavailable);
    EXPECT_EQ(got.why.error_number, ECONNREFUSED);
}

TEST_F(RoundTrip, FullAcceptQueueIsWaitedForAndThenServed)
{
    // Given a listener with a full queue: connect() says EAGAIN, which Asio would report as success.
    const unique_fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (directory.path() / "peer.sock").string().copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(::listen(listener.get(), 0), 0);
    std::vector<unique_fd> queued;
    for (;;) {
        unique_fd one(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (::connect(one.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) break;
        queued.push_back(std::move(one));
    }
    ASSERT_EQ(errno, EAGAIN);

    const auto with = make();
    const outcome got = get(*with, 100ms);
    EXPECT_EQ(got.why.kind, failure::timed_out);
    EXPECT_EQ(got.why.where, phase::connect);
    EXPECT_EQ(got.why.message, "no connection within 100ms");

    // When the queue empties during the wait, the request is answered.
    std::optional<outcome> later;
    asio::co_spawn(reactor, with->round_trip(request("GET", "/x"), deadline::in(10s)),
                   [&](std::exception_ptr, const outcome& ended) { later = ended; });
    reactor.restart();
    reactor.poll();  // it has tried, and waits to try again
    ASSERT_FALSE(later);
    std::thread server([&] {
        for (std::size_t i = 0; i < queued.size(); ++i) ::close(::accept(listener.get(), nullptr, nullptr));
        const unique_fd client_side(::accept(listener.get(), nullptr, nullptr));
        char bytes[1024];
        static_cast<void>(::recv(client_side.get(), bytes, sizeof(bytes), 0));
        const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        static_cast<void>(::send(client_side.get(), answer.data(), answer.size(), MSG_NOSIGNAL));
    });
    EXPECT_TRUE(testing::run_until(reactor, [&] { return later.has_value(); }));
    server.join();
    ASSERT_TRUE(later && later->answer);
    EXPECT_EQ(later->answer->body, "ok");
}

TEST_F(RoundTrip, CancellationEndsItAtOnceAndClosesTheConnection)
{
    std::atomic<bool> closed{false};
    const auto peer = play([&](fake_peer::session& on) {
        on.read_request();
        on.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
        on.wait_for_close();
        closed = true;
    });
    const auto with = make();
    asio::cancellation_signal stop;
    bool ended = false;
    asio::co_spawn(reactor, with->round_trip(request("GET", "/x"), deadline::in(60s)),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, const outcome& got) {
                       EXPECT_FALSE(got.answer);
                       ended = true;
                   }));
    ASSERT_TRUE(testing::run_until(reactor, [&] { return !peer->requests().empty(); }));
    stop.emit(asio::cancellation_type::terminal);
    ASSERT_TRUE(testing::run_until(reactor, [&] { return ended; }));
    EXPECT_TRUE(testing::wait_until([&] { return closed.load(); }));
}

TEST_F(RoundTrip, RefusesPartsThatWouldForgeARequest)
{
    const auto with = make();
    const std::vector<std::string> targets = {"",     "x",    "/a b", "/a\r\nX: y", "/a\n", std::string("/a\0b", 4),
                                              "/a#b", "/\xff"};
    for (const std::string& target : targets) {
        EXPECT_EQ(ask(*with, request("GET", target)).why.kind, failure::invalid) << target;
    }
    request call("GET", "/x");
    call.headers.emplace_back("Authorization", "Bearer secret\r\nX: y");
    const outcome got = ask(*with, call);
    EXPECT_EQ(got.why.kind, failure::invalid);
    EXPECT_EQ(got.why.message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace nodescope::http_client
