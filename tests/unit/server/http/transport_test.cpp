// What one client of TLS may take of the reactor's time.
#include "server/http/transport.hpp"

#include "server/auth/tls_context.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/test_certificates.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

namespace nodescope::http {
namespace {

namespace asio = boost::asio;

constexpr int key_updates = 100;

/// Says a lot at once that holds no data, then a byte in each of two records.
void talk(int descriptor, std::atomic<bool>& said)
{
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), SSL_free);
    SSL_set_fd(tls.get(), descriptor);
    EXPECT_EQ(SSL_connect(tls.get()), 1);
    for (int i = 0; i < key_updates; ++i) {
        EXPECT_EQ(SSL_key_update(tls.get(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        EXPECT_EQ(SSL_do_handshake(tls.get()), 1);
    }
    EXPECT_EQ(SSL_write(tls.get(), "a", 1), 1);
    EXPECT_EQ(SSL_write(tls.get(), "b", 1), 1);
    said = true;
}

transport::tls_context context_of_server()
{
    const testing::certificate_authority authority;
    const testing::pem_pair own = authority.issue("DNS:localhost");
    auth::tls_texts texts;
    texts.certificate_pem = own.certificate;
    texts.key_pem = own.key;
    return auth::make_server_context(texts).value();
}

/// How many turns others had during each of the two reads.
task<std::pair<int, int>> listen_to(transport& server, const std::atomic<bool>& said)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    handshake_line line;
    const peer_info peer;
    const bool greeted = co_await server.handshake(line, peer, deadline::in(testing::hang_limit));
    EXPECT_TRUE(greeted);
    asio::steady_timer pause(executor);
    while (!said) {
        pause.expires_after(std::chrono::milliseconds(1));
        co_await pause.async_wait(asio::use_awaitable);
    }
    int turns = 0;
    bool over = false;
    const std::function<void()> others = [&] {
        ++turns;
        if (!over) asio::post(executor, others);
    };
    others();
    char byte = 0;
    const std::size_t first = co_await server.read_some(&byte, 1);
    EXPECT_EQ(first, 1U);
    EXPECT_EQ(byte, 'a');
    const int during_first = turns;
    const std::size_t second = co_await server.read_some(&byte, 1);
    EXPECT_EQ(second, 1U);
    EXPECT_EQ(byte, 'b');
    const std::pair<int, int> seen(during_first - 1, turns - during_first);
    over = true;
    co_await asio::post(executor, asio::use_awaitable);
    co_return seen;
}

TEST(Transport, LetsOthersHaveTheirTurnWhateverAClientSends)
{
    int ends[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    asio::io_context reactor(1);
    transport::socket_type socket(reactor, asio::generic::stream_protocol(AF_UNIX, 0), ends[0]);
    socket.non_blocking(true);
    transport server(std::move(socket), context_of_server());
    std::atomic<bool> said{false};
    std::thread client([&] { talk(ends[1], said); });
    const auto [during_first, during_second] = testing::run_task(reactor, listen_to(server, said));
    client.join();
    ::close(ends[1]);
    // The first wait may end at once: by what the kernel reported of the socket before anybody waited.
    EXPECT_GE(during_first, key_updates - 1);
    EXPECT_GE(during_second, 1);
}

}  // namespace
}  // namespace nodescope::http
