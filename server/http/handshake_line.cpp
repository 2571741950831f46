#include "server/http/handshake_line.hpp"

#include "core/url_text.hpp"
#include "server/http/caller_key.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <ctime>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace nodescope::http {

namespace asio = boost::asio;

namespace {

std::chrono::nanoseconds processor_time()
{
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

/// What OpenSSL says of the failure. Its errors belong to the thread.
std::string take_failure()
{
    const unsigned long first = ERR_peek_error();
    const char* const text = first == 0 ? "" : ERR_reason_error_string(first);
    ERR_clear_error();
    return text == nullptr ? "unknown TLS error" : text;
}

handshake_line::step blocking_step(ssl_st* connection)
{
    const auto began = processor_time();
    handshake_line::step out;
    ERR_clear_error();
    const int code = SSL_accept(connection);
    if (code != 1) {
        out.reason = SSL_get_error(connection, code);
        std::string failure = take_failure();
        if (out.reason == SSL_ERROR_SSL) out.failure = std::move(failure);
    }
    out.took = processor_time() - began;
    return out;
}

}  // namespace

handshake_line::lane handshake_line::lane_of(const peer_info& peer)
{
    if (peer.standing == standing::admitted) return lane::admitted;
    return is_loopback(peer.remote) ? lane::local : lane::network;
}

std::string handshake_line::key_of(const peer_info& peer, lane in)
{
    // Addresses of the loopback network are anybody's: whose user is not known shares one turn.
    if (in == lane::local && !peer.uid) return "uid=?";
    return caller_key(peer);
}

task<result<handshake_line::step>> handshake_line::take_step(const peer_info& peer, std::shared_ptr<ssl_st> connection,
                                                             deadline limit)
{
    const lane in = lane_of(peer);
    const auto own = co_await callers_.take(key_of(peer, in), limit);
    if (!own) co_return own.error();
    const auto place = co_await lanes_[in].acquire(limit);
    if (!place) co_return place.error();
    if (in == lane::admitted) co_return co_await compute(std::move(connection), limit);
    co_return co_await take_step_of_stranger(std::move(connection), limit);
}

task<result<handshake_line::step>> handshake_line::take_step_of_stranger(std::shared_ptr<ssl_st> connection,
                                                                         deadline limit)
{
    const auto turn = co_await strangers_.acquire(limit);
    if (!turn) co_return turn.error();
    if (steady_clock::now() < rests_until_) {
        asio::steady_timer rest(co_await asio::this_coro::executor, rests_until_);
        co_await rest.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    auto taken = co_await compute(std::move(connection), limit);
    if (taken) {
        const auto rest = std::min<steady_clock::duration>(taken->took * rest_factor, longest_rest);
        rests_until_ = steady_clock::now() + rest;
    }
    co_return taken;
}

task<result<handshake_line::step>> handshake_line::compute(std::shared_ptr<ssl_st> connection, deadline limit)
{
    auto work = [connection = std::move(connection)](const abandon_flag&) {
        return result<step>(blocking_step(connection.get()));
    };
    auto taken = co_await worker_.run("TLS handshake", limit, std::move(work));
    co_return taken;
}

}  // namespace nodescope::http
