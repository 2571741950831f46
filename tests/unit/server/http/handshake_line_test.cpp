// Whose turn it is, with connections that wait for the first byte of their client: a step of these costs nothing.
#include "server/http/handshake_line.hpp"

#include "server/auth/tls_context.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/test_certificates.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace nodescope::http {
namespace {

using namespace std::chrono_literals;

peer_info from(const char* address)
{
    peer_info peer;
    peer.remote.ss_family = AF_INET;
    inet_pton(AF_INET, address, &reinterpret_cast<sockaddr_in*>(&peer.remote)->sin_addr);
    return peer;
}

peer_info of_user(uid_t uid, standing where = standing::unknown)
{
    peer_info peer = from("127.0.0.1");
    peer.uid = uid;
    peer.standing = where;
    return peer;
}

struct HandshakeLine : ::testing::Test {
    HandshakeLine()
    {
        const testing::certificate_authority authority;
        const testing::pem_pair own = authority.issue("DNS:localhost");
        auth::tls_texts texts;
        texts.certificate_pem = own.certificate;
        texts.key_pem = own.key;
        context = auth::make_server_context(texts).value();
    }

    /// `said` is what the client has sent so far.
    std::shared_ptr<SSL> connection(std::string_view said = {})
    {
        std::shared_ptr<SSL> made(SSL_new(context.get()), SSL_free);
        BIO* const in = BIO_new(BIO_s_mem());
        BIO_write(in, said.data(), static_cast<int>(said.size()));
        SSL_set_bio(made.get(), in, BIO_new(BIO_s_mem()));
        return made;
    }

    task<> take_and_note(const peer_info& peer, std::string name, deadline limit)
    {
        const auto step = co_await line.take_step(peer, connection(), limit);
        if (step) order.push_back(std::move(name));
        else if (step.error().kind() == failure::overloaded) turned_away.push_back(std::move(name));
    }
    void start(const peer_info& peer, const std::string& name)
    {
        peers.push_back(peer);
        boost::asio::co_spawn(reactor, take_and_note(peers.back(), name, deadline::in(20s)), boost::asio::detached);
    }
    std::size_t place_of(const std::string& name) const
    {
        return static_cast<std::size_t>(std::find(order.begin(), order.end(), name) - order.begin());
    }

    auth::tls_context context;
    boost::asio::io_context reactor{1};
    handshake_line line;
    std::list<peer_info> peers;
    std::vector<std::string> order;
    std::vector<std::string> turned_away;
};

TEST_F(HandshakeLine, SaysWhatOpenSslSays)
{
    const peer_info peer = from("10.0.0.1");
    const auto waits = testing::run_task(reactor, line.take_step(peer, connection(), deadline::in(20s)));
    EXPECT_EQ(waits->reason, SSL_ERROR_WANT_READ);
    EXPECT_EQ(waits->failure, "");
    const auto fails =
        testing::run_task(reactor, line.take_step(peer, connection("GET / HTTP/1.1"), deadline::in(20s)));
    EXPECT_EQ(fails->reason, SSL_ERROR_SSL);
    EXPECT_EQ(fails->failure, "http request");
}

TEST_F(HandshakeLine, WhoComesOftenWaitsForItself)
{
    for (int i = 0; i < 30; ++i) start(from("10.0.0.1"), "often");
    start(from("10.0.0.2"), "once");
    start(of_user(1000), "user");
    start(of_user(0, standing::admitted), "root");
    reactor.run();
    EXPECT_EQ(order.size(), 33U);
    for (const char* const name : {"once", "user", "root"}) EXPECT_LE(place_of(name), 5U) << name;
}

TEST_F(HandshakeLine, AddressesOfThisMachineAreNobodysOwn)
{
    for (int i = 0; i < 30; ++i) start(from(fmt::format("127.0.0.{}", i + 2).c_str()), "anybody");
    start(of_user(1000), "user");
    reactor.run();
    EXPECT_EQ(order.size(), 31U);
    EXPECT_LE(place_of("user"), 5U);
}

TEST_F(HandshakeLine, TheNetworkDoesNotTakeThePlacesOfThisMachine)
{
    // One step is under way, and as many as may wait do.
    constexpr std::size_t beyond = 10;
    for (std::size_t i = 0; i <= handshake_line::callers_limit + beyond; ++i) {
        start(from(fmt::format("10.0.{}.1", i).c_str()), "stranger");
    }
    start(of_user(1000), "user");
    start(of_user(0, standing::admitted), "root");
    reactor.run();
    EXPECT_EQ(turned_away.size(), beyond);
    EXPECT_EQ(order.size(), handshake_line::callers_limit + 3);
    for (const char* const name : {"user", "root"}) EXPECT_LE(place_of(name), 5U) << name;
}

}  // namespace
}  // namespace nodescope::http
