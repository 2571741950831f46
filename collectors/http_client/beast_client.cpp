// The client over Beast: one stream type for Unix sockets and TCP, one for TLS. The stream's own expiry is the only
// timer of a round trip, set once at its start. Beast's parser is fed by hand (put): half the compile time of
// http::async_read, one coroutine frame, and the header and body phases are told apart for free.
#include "collectors/http_client/failures.hpp"
#include "collectors/http_client/idle_pool.hpp"
#include "collectors/http_client/name_lookup.hpp"
#include "collectors/http_client/request_text.hpp"
#include "collectors/http_client/tls.hpp"
#include "collectors/http_client/unix_connect.hpp"
#include "core/worker_pool.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <tuple>

namespace nodescope::http_client {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::generic::stream_protocol;
using boost::system::error_code;

namespace {

using plain_stream = beast::basic_stream<stream_protocol>;
using tls_stream = asio::ssl::stream<plain_stream>;
using maybe_failure = std::optional<round_trip_failure>;

constexpr auto wait_token = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t read_size = 32U << 10U;
constexpr std::size_t buffer_limit = 128U << 10U;
constexpr std::uint32_t header_limit = 32U << 10U;

plain_stream& lowest(plain_stream& stream) noexcept { return stream; }
plain_stream& lowest(tls_stream& stream) noexcept { return stream.next_layer(); }

/// A connection and what was read from it beyond the last answer (which must be nothing before the next request).
template <class Stream>
struct connection {
    template <class... Arguments>
    explicit connection(Arguments&&... arguments) : stream(std::forward<Arguments>(arguments)...), buffer(buffer_limit)
    {
    }
    [[nodiscard]] int descriptor() { return lowest(stream).socket().native_handle(); }
    void expires_never() { lowest(stream).expires_never(); }

    Stream stream;
    beast::flat_buffer buffer;
};

/// How one request on one connection went.
struct exchange_end {
    outcome out;
    bool reusable = false;
    bool closed_unanswered = false;  ///< the peer closed before any byte of the answer
};

response take_response(http::response_parser<http::string_body>& parser)
{
    response taken;
    taken.status = parser.get().result_int();
    for (const auto& field : parser.get()) {
        std::string name(field.name_string());
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        taken.headers.emplace_back(std::move(name), std::string(field.value()));
    }
    taken.body = std::move(parser.get().body());
    return taken;
}

/// Feeds what is in the buffer to the parser. True when it wants more bytes.
bool feed(http::response_parser<http::string_body>& parser, beast::flat_buffer& buffer, error_code& code)
{
    code = {};
    while (buffer.size() > 0 && !parser.is_done()) {
        const std::size_t used = parser.put(buffer.data(), code);
        buffer.consume(used);
        if (code == http::error::need_more) {
            code = {};
            return true;
        }
        if (code) return false;
        if (used == 0) return true;
    }
    return !parser.is_done();
}

/// What a socket takes at once. A small request nearly always fits, and a plain call saves a turn of the reactor and
/// a timer. Errors are left to the asynchronous write, which comes upon them again.
std::size_t send_now(plain_stream& stream, const std::string& bytes) noexcept
{
    const ssize_t sent =
        ::send(stream.socket().native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}
std::size_t send_now(tls_stream&, const std::string&) noexcept { return 0; }

/// Sends `bytes` and reads the answer. The stream's expiry is set by the caller.
template <class Stream>
task<exchange_end> exchange(connection<Stream>& on, const std::string& bytes, const request& call, deadline limit)
{
    exchange_end end;
    phase at = phase::send;
    const auto fail = [&](round_trip_failure why) { end.out.why = std::move(why); };

    std::size_t sent = send_now(on.stream, bytes);
    error_code send_error;
    if (sent < bytes.size()) {
        const auto rest = asio::buffer(bytes) + sent;
        std::tie(send_error, sent) = co_await asio::async_write(on.stream, rest, wait_token);
    }
    if (send_error && !is_closed(send_error)) {
        fail(failed_in(at, send_error, limit));
        co_return end;
    }
    // A peer that refuses a request early may have answered before it closed: read what there is.

    at = phase::header;
    bool any_byte = false;
    std::optional<http::response_parser<http::string_body>> parser;
    for (;;) {
        if (!parser) {
            parser.emplace();
            parser->eager(true);
            parser->header_limit(header_limit);
            parser->body_limit(call.body_limit);
            if (call.method == "HEAD") parser->skip(true);
        }
        error_code code;
        const bool wants_more = feed(*parser, on.buffer, code);
        if (parser->is_header_done()) at = phase::body;
        if (code) {
            fail(failed_in(at, code, limit, call.body_limit));
            co_return end;
        }
        if (!wants_more) {
            const unsigned status = parser->get().result_int();
            if (status >= 200) break;
            if (status == 101) {
                fail(round_trip_failure(at, failure::malformed, 0, "the answer switches to another protocol"));
                co_return end;
            }
            parser.reset();  // 100 Continue and its like: the answer comes behind it
            at = phase::header;
            continue;
        }
        // The expiry ends a wait; this ends a peer that always has some more to say.
        if (limit.passed()) {
            fail(timed_out_in(at, limit));
            co_return end;
        }
        if (on.buffer.size() + read_size > on.buffer.max_size()) {
            fail(round_trip_failure(at, failure::malformed, 0, "the answer is not proper HTTP (a line without end)"));
            co_return end;
        }
        const auto space = on.buffer.prepare(read_size);
        const auto [read_error, received] = co_await on.stream.async_read_some(space, wait_token);
        on.buffer.commit(received);
        any_byte = any_byte || received > 0;
        if (!read_error) continue;
        if (read_error == asio::error::eof && parser->got_some() && parser->need_eof() && at == phase::body) {
            parser->put_eof(code);
            if (!code) break;
        }
        if (is_closed(read_error)) {
            end.closed_unanswered = !any_byte;
            fail(closed_in(send_error && !any_byte ? phase::send : at, any_byte));
        } else {
            fail(failed_in(at, read_error, limit));
        }
        co_return end;
    }
    end.reusable = !send_error && parser->get().keep_alive() && !parser->need_eof() && on.buffer.size() == 0;
    end.out.answer.emplace(take_response(*parser));
    co_return end;
}

/// Opens connections to one endpoint. A host name is looked up on a thread of its own that is made at start-up:
/// a stuck lookup is abandoned at the deadline and holds up nothing but the next lookup.
class dialer {
public:
    explicit dialer(endpoint to) : to_(std::move(to)), what_("resolve " + to_.host)
    {
        if (to_.kind == endpoint::transport::unix_socket) return;
        error_code not_an_address;
        const auto literal = asio::ip::make_address(to_.host, not_an_address);
        if (!not_an_address) {
            literal_.push_back(literal);
        } else {
            names_ = std::make_unique<worker_pool>(1, 4);
        }
    }

    task<maybe_failure> dial(plain_stream& stream, deadline limit)
    {
        if (to_.kind == endpoint::transport::unix_socket) co_return co_await dial_unix(stream, limit);
        address_list addresses = literal_;
        if (names_) {
            const auto look_up = [host = to_.host](const abandon_flag&) { return blocking_resolve(host); };
            auto lookup = names_->run(what_, limit, look_up);
            auto found = co_await std::move(lookup);
            if (!found && found.error().kind() == failure::timed_out) co_return timed_out_in(phase::resolve, limit);
            if (!found) co_return round_trip_failure(phase::resolve, found.error().kind(), 0, found.error().message());
            addresses = std::move(*found);
        }
        co_return co_await dial_tcp(stream, std::move(addresses), limit);
    }

    [[nodiscard]] const endpoint& to() const noexcept { return to_; }

private:
    task<maybe_failure> dial_unix(plain_stream& stream, deadline limit)
    {
        const auto executor = co_await asio::this_coro::executor;
        auto pause = std::chrono::milliseconds(10);
        for (;;) {
            auto [descriptor, error_number] = connect_unix(to_.path);
            if (error_number == 0) {
                error_code code;
                stream.socket().assign(stream_protocol(AF_UNIX, 0), descriptor.get(), code);
                if (code) co_return failed_in(phase::connect, code, limit);
                static_cast<void>(descriptor.release());
                co_return std::nullopt;
            }
            // EAGAIN: the accept queue is full (unix(7)). It empties when the peer accepts, which nothing announces.
            if (error_number != EAGAIN) {
                const error_code code(error_number, boost::system::system_category());
                co_return failed_in(phase::connect, code, limit);
            }
            if (limit.remaining() <= pause) co_return timed_out_in(phase::connect, limit);
            asio::steady_timer timer(executor, pause);
            const auto [timer_error] = co_await timer.async_wait(wait_token);
            if (timer_error) co_return failed_in(phase::connect, timer_error, limit);
            pause = std::min(pause * 2, std::chrono::milliseconds(100));
        }
    }

    /// Each address gets its part of the time that is left, so that one that swallows packets does not use it all.
    task<maybe_failure> dial_tcp(plain_stream& stream, address_list addresses, deadline limit)
    {
        maybe_failure why;
        for (std::size_t i = 0; i < addresses.size(); ++i) {
            const auto share = limit.remaining() / static_cast<std::int64_t>(addresses.size() - i);
            stream.expires_after(share);
            const asio::ip::tcp::endpoint to(addresses[i], to_.port);
            const auto [code] = co_await stream.async_connect(stream_protocol::endpoint(to), wait_token);
            if (!code) {
                error_code ignored;
                stream.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
                co_return std::nullopt;
            }
            why = failed_in(phase::connect, code, limit);
            if (why->kind == failure::cancelled) co_return why;
            stream.close();
        }
        if (!why) why.emplace(phase::resolve, failure::unavailable, 0, what_ + ": no address");
        co_return why;
    }

    endpoint to_;
    std::string what_;
    address_list literal_;
    std::unique_ptr<worker_pool> names_;
};

/// What differs between a plain and a TLS connection.
struct plain_factory {
    using stream = plain_stream;
    std::unique_ptr<connection<stream>> make(const asio::any_io_executor& executor)
    {
        return std::make_unique<connection<stream>>(executor);
    }
    task<maybe_failure> greet(plain_stream&, deadline) { co_return std::nullopt; }
};

struct tls_factory {
    using stream = tls_stream;
    tls_factory(asio::ssl::context c, std::string n) : context(std::move(c)), name(std::move(n)) {}

    std::unique_ptr<connection<stream>> make(const asio::any_io_executor& executor)
    {
        return std::make_unique<connection<stream>>(executor, context);
    }

    task<maybe_failure> greet(tls_stream& on, deadline limit)
    {
        if (!expect_peer_name(on.native_handle(), name)) {
            co_return round_trip_failure(phase::tls_handshake, failure::invalid, 0, "the server name cannot be one");
        }
        const auto [code] = co_await on.async_handshake(asio::ssl::stream_base::client, wait_token);
        if (!code) co_return std::nullopt;
        if (code == beast::error::timeout) co_return timed_out_in(phase::tls_handshake, limit);
        auto why = failed_in(phase::tls_handshake, code, limit);
        if (why.kind != failure::cancelled) {
            why.message = fmt::format("TLS handshake: {}", handshake_failure(on.native_handle(), code));
        }
        co_return why;
    }

    asio::ssl::context context;
    std::string name;
};

template <class Factory>
class pooled_client final : public client {
public:
    using stream = typename Factory::stream;

    pooled_client(const asio::any_io_executor& executor, endpoint to, Factory factory, options how)
        : executor_(executor),
          dialer_(std::move(to)),
          factory_(std::move(factory)),
          pool_(std::make_shared<idle_pool<connection<stream>>>(executor, how))
    {
    }
    pooled_client(const pooled_client&) = delete;
    pooled_client& operator=(const pooled_client&) = delete;
    ~pooled_client() override { pool_->clear(); }

    task<outcome> round_trip(request call, deadline limit) override
    {
        outcome refused;
        const auto bytes = request_text(call);
        if (!bytes) {
            refused.why = round_trip_failure(phase::send, bytes.error().kind(), 0, bytes.error().message());
            co_return refused;
        }
        if (auto pooled = pool_->take()) {
            exchange_end end = co_await run(std::move(pooled), *bytes, call, limit);
            if (!end.closed_unanswered || !is_repeatable(call)) co_return std::move(end.out);
        }
        auto fresh = factory_.make(executor_);
        lowest(fresh->stream).expires_at(limit.at());
        if (auto why = co_await dialer_.dial(lowest(fresh->stream), limit)) {
            refused.why = std::move(*why);
            co_return refused;
        }
        lowest(fresh->stream).expires_at(limit.at());
        if (auto why = co_await factory_.greet(fresh->stream, limit)) {
            refused.why = std::move(*why);
            co_return refused;
        }
        exchange_end end = co_await run(std::move(fresh), *bytes, call, limit);
        co_return std::move(end.out);
    }

    void drop_idle() override { pool_->clear(); }

private:
    /// Destroying the connection closes it: that is what happens to it on every way out but the good one.
    task<exchange_end> run(std::unique_ptr<connection<stream>> on, const std::string& bytes, const request& call,
                           deadline limit)
    {
        const std::uint64_t generation = pool_->generation();
        lowest(on->stream).expires_at(limit.at());
        exchange_end end = co_await exchange(*on, bytes, call, limit);
        if (end.reusable) pool_->give_back(std::move(on), generation);
        co_return end;
    }

    asio::any_io_executor executor_;
    dialer dialer_;
    Factory factory_;
    std::shared_ptr<idle_pool<connection<stream>>> pool_;
};

}  // namespace

std::unique_ptr<client> make_client(asio::any_io_executor executor, endpoint to, options how)
{
    return std::make_unique<pooled_client<plain_factory>>(executor, std::move(to), plain_factory(), how);
}

result<std::unique_ptr<client>> make_tls_client(asio::any_io_executor executor, endpoint to,
                                                const tls_identity& identity, options how)
{
    auto context = make_tls_context(identity);
    if (!context) return context.error();
    tls_factory factory(std::move(*context), identity.server_name.empty() ? to.host : identity.server_name);
    return std::unique_ptr<client>(
        std::make_unique<pooled_client<tls_factory>>(executor, std::move(to), std::move(factory), how));
}

}  // namespace nodescope::http_client
