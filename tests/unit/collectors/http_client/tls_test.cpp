#include "collectors/http_client/http_client.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/test_certificates.hpp"

#include <gtest/gtest.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <thread>

namespace nodescope::http_client {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::certificate_authority;
using testing::pem_pair;
using testing::run_task;

/// Answers every request on 127.0.0.1 over TLS, one connection at a time, on a thread of its own.
class tls_peer {
public:
    explicit tls_peer(const pem_pair& identity, const std::string& client_ca = "", int newest_version = TLS1_3_VERSION)
    {
        context_.use_certificate_chain(asio::buffer(identity.certificate));
        context_.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
        SSL_CTX_set_max_proto_version(context_.native_handle(), newest_version);
        // TLS 1.1 needs OpenSSL's lowest security level; ours must refuse it whatever the peer offers.
        if (newest_version < TLS1_2_VERSION) {
            SSL_CTX_set_min_proto_version(context_.native_handle(), newest_version);
            SSL_CTX_set_cipher_list(context_.native_handle(), "ALL:@SECLEVEL=0");
        }
        if (!client_ca.empty()) {
            context_.add_certificate_authority(asio::buffer(client_ca));
            context_.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
        }
        thread_ = std::thread([this] { serve(); });
    }
    ~tls_peer()
    {
        stopping_ = true;
        // Wakes the blocking accept.
        asio::io_context own;
        boost::system::error_code ignored;
        asio::ip::tcp::socket(own).connect(acceptor_.local_endpoint(), ignored);
        thread_.join();
    }
    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    [[nodiscard]] int connections() const { return connections_; }

private:
    void serve()
    {
        while (!stopping_) {
            boost::system::error_code code;
            asio::ssl::stream<asio::ip::tcp::socket> stream(io_, context_);
            acceptor_.accept(stream.next_layer(), code);
            if (code || stopping_) return;
            ++connections_;
            stream.handshake(asio::ssl::stream_base::server, code);
            std::string pending;
            while (!code) {
                const std::size_t length = asio::read_until(stream, asio::dynamic_buffer(pending), "\r\n\r\n", code);
                pending.erase(0, length);
                if (!code)
                    asio::write(stream, asio::buffer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40), code);
            }
        }
    }

    asio::io_context io_;
    asio::ssl::context context_{asio::ssl::context::tls_server};
    asio::ip::tcp::acceptor acceptor_{io_, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    std::atomic<bool> stopping_{false};
    std::atomic<int> connections_{0};
    std::thread thread_;
};

class Tls : public ::testing::Test {
protected:
    std::unique_ptr<client> make(std::uint16_t port, const tls_identity& identity,
                                 const std::string& host = "127.0.0.1")
    {
        auto made = make_client(reactor.get_executor(), endpoint(endpoint::transport::tls, "", host, port), identity,
                                options());
        EXPECT_TRUE(made) << made.error();
        return std::move(*made);
    }
    outcome ask(client& with) { return run_task(reactor, with.round_trip(request("GET", "/x"), deadline::in(10s))); }
    outcome ask(std::uint16_t port, const tls_identity& identity, const std::string& host = "127.0.0.1")
    {
        const auto with = make(port, identity, host);
        return ask(*with);
    }
    tls_identity trusting(const certificate_authority& trusted)
    {
        tls_identity identity;
        identity.ca_pem = trusted.pem();
        return identity;
    }

    asio::io_context reactor{1};
    certificate_authority ca;
};

TEST_F(Tls, TalksToAVerifiedPeerByAddressAndByNameOnOneConnection)
{
    tls_peer by_address(ca.issue("IP:127.0.0.1"));
    const auto with = make(by_address.port(), trusting(ca));
    for (int i = 0; i < 3; ++i) {
        const outcome got = ask(*with);
        ASSERT_TRUE(got.answer) << got.why.message;
        EXPECT_EQ(got.answer->body, "ok");
    }
    EXPECT_LE(by_address.connections(), 2) << "a session ticket behind the first answer may cost one connection";
    with->drop_idle();

    tls_peer by_name(ca.issue("DNS:localhost"));
    EXPECT_TRUE(ask(by_name.port(), trusting(ca), "localhost").answer);
    tls_identity renamed = trusting(ca);
    renamed.server_name = "localhost";
    EXPECT_TRUE(ask(by_name.port(), renamed).answer) << "the name may be another than the address connected to";
}

TEST_F(Tls, RefusesWrongAuthorityWrongNameAndExpired)
{
    const certificate_authority other;
    struct refusal {
        std::string names;
        long valid_for;
        const certificate_authority* trusted;
        std::string host;
        std::string reason;
    };
    const refusal refusals[] = {
        {"IP:127.0.0.1", 3600, &other, "127.0.0.1", "certificate verify failed ("},
        {"IP:127.0.0.2", 3600, &ca, "127.0.0.1", "certificate verify failed (IP address mismatch)"},
        {"DNS:127.0.0.1", 3600, &ca, "127.0.0.1", "certificate verify failed (IP address mismatch)"},
        {"DNS:elsewhere", 3600, &ca, "localhost", "certificate verify failed (hostname mismatch)"},
        {"IP:127.0.0.1", -3600, &ca, "127.0.0.1", "certificate verify failed (certificate has expired)"},
    };
    for (const refusal& one : refusals) {
        tls_peer peer(ca.issue(one.names, one.valid_for));
        const outcome got = ask(peer.port(), trusting(*one.trusted), one.host);
        ASSERT_FALSE(got.answer) << one.reason;
        EXPECT_EQ(got.why.where, phase::tls_handshake);
        EXPECT_EQ(got.why.kind, failure::unavailable);
        EXPECT_NE(got.why.message.find(one.reason), std::string::npos) << got.why.message;
    }
}

TEST_F(Tls, TakesAnyCertificateOnlyWhereItIsToldTo)
{
    tls_peer peer(ca.issue("DNS:elsewhere", -3600));
    tls_identity identity;
    EXPECT_FALSE(ask(peer.port(), identity).answer);
    identity.takes_any_certificate = true;
    const outcome got = ask(peer.port(), identity);
    EXPECT_TRUE(got.answer) << got.why.message;
}

TEST_F(Tls, RefusesProtocolsOlderThanTls12)
{
    tls_peer peer(ca.issue("IP:127.0.0.1"), "", TLS1_1_VERSION);
    const outcome got = ask(peer.port(), trusting(ca));
    ASSERT_FALSE(got.answer);
    EXPECT_EQ(got.why.where, phase::tls_handshake);
}

TEST_F(Tls, ShowsItsClientCertificate)
{
    tls_peer peer(ca.issue("IP:127.0.0.1"), ca.pem());
    tls_identity identity = trusting(ca);
    EXPECT_FALSE(ask(peer.port(), identity).answer) << "without one the peer refuses";
    const pem_pair own = ca.issue("DNS:nodescope");
    identity.certificate_pem = own.certificate;
    identity.key_pem = own.key;
    const outcome got = ask(peer.port(), identity);
    EXPECT_TRUE(got.answer) << got.why.message;
}

TEST_F(Tls, APeerThatNeverGreetsEndsAtTheDeadline)
{
    const asio::ip::tcp::acceptor silent(reactor, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const auto with = make(silent.local_endpoint().port(), trusting(ca));
    const outcome got = run_task(reactor, with->round_trip(request("GET", "/x"), deadline::in(100ms)));
    ASSERT_FALSE(got.answer);
    EXPECT_EQ(got.why.kind, failure::timed_out);
    EXPECT_EQ(got.why.message, "TLS handshake not finished within 100ms");
}

TEST_F(Tls, UnreadablePemIsInvalidAndNotShown)
{
    const pem_pair one = ca.issue("DNS:a");
    const pem_pair two = ca.issue("DNS:b");
    std::vector<tls_identity> bad(5);
    bad[0].ca_pem = "secret nonsense";
    bad[1].certificate_pem = one.certificate;
    bad[2].key_pem = one.key;
    bad[3].certificate_pem = one.certificate;
    bad[3].key_pem = two.key;
    bad[4].certificate_pem = one.certificate;
    bad[4].key_pem = "secret nonsense";
    for (const tls_identity& identity : bad) {
        const auto got = make_client(reactor.get_executor(), endpoint(endpoint::transport::tls, "", "127.0.0.1", 1),
                                     identity, options());
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().kind(), failure::invalid);
        EXPECT_EQ(got.error().message().find("secret"), std::string::npos);
    }
}

}  // namespace
}  // namespace nodescope::http_client
