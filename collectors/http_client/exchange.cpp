// Beast's parser is fed by hand (put): half the compile time of http::async_read, one coroutine frame, and the header
// and body phases are told apart for free.
#include "collectors/http_client/exchange.hpp"

#include "collectors/http_client/failures.hpp"
#include "core/ascii.hpp"
#include "core/resident_memory.hpp"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace nodescope::http_client {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t read_size = 32U << 10U;
constexpr std::size_t buffer_limit = 128U << 10U;
constexpr std::uint32_t header_limit = 32U << 10U;

response take_response(http::response_parser<http::string_body>& parser, std::string&& sieved, bool is_sieved)
{
    response taken;
    taken.status = parser.get().result_int();
    for (const auto& field : parser.get()) {
        taken.headers.emplace_back(lower_case(field.name_string()), std::string(field.value()));
    }
    taken.body = is_sieved ? std::move(sieved) : std::move(parser.get().body());
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

}  // namespace

task<exchange_end> exchange(connection& on, const std::string& bytes, const request& call, deadline limit)
{
    exchange_end end;
    phase at = phase::send;
    beast::flat_buffer input(buffer_limit);
    const auto fail = [&](round_trip_failure why) { end.out.why = std::move(why); };

    std::size_t sent = on.send_now(bytes);
    error_code send_error;
    while (!send_error && sent < bytes.size()) {
        const auto rest = asio::buffer(bytes) + sent;
        const auto [code, size] = co_await on.write_some(rest);
        send_error = code;
        sent += size;
    }
    if (send_error && !is_closed(send_error)) {
        fail(failed_in(at, send_error, limit));
        co_return end;
    }
    // A peer that refuses a request early may have answered before it closed: read what there is.

    at = phase::header;
    bool any_byte = false;
    std::optional<http::response_parser<http::string_body>> parser;
    std::string kept;
    std::size_t counted = 0;  // of the body, by `memory`
    reading_check memory;
    std::shared_ptr<const slot_pool::slot> place;
    for (;;) {
        if (!parser) {
            parser.emplace();
            parser->eager(true);
            parser->header_limit(header_limit);
            parser->body_limit(call.body_limit);
            if (call.method == "HEAD") parser->skip(true);
        }
        error_code code;
        const bool wants_more = feed(*parser, input, code);
        if (parser->is_header_done()) at = phase::body;
        if (call.sieve) {
            std::string& arrived = parser->get().body();
            call.sieve->take(arrived, kept);
            arrived.clear();
            if (kept.size() > call.kept_limit) code = http::error::body_limit;
        }
        if (code) {
            fail(failed_in(at, code, limit, call.sieve ? call.kept_limit : call.body_limit));
            co_return end;
        }
        std::string& body = call.sieve ? kept : parser->get().body();
        if (!memory.may_go_on(body.size() - std::min(body.size(), std::exchange(counted, body.size())))) {
            fail(round_trip_failure(at, failure::overloaded, ENOMEM,
                                    fmt::format("the response body: {}", taken_already())));
            co_return end;
        }
        if (call.places && !place && body.size() > call.free_bytes) {
            auto own = co_await call.places->acquire(limit);
            if (!own) {
                const bool gone = own.error().kind() == failure::cancelled;
                // The peer is not late.
                const failure kind = gone ? failure::cancelled : failure::overloaded;
                fail(round_trip_failure(at, kind, 0, own.error().message()));
                co_return end;
            }
            place = std::make_shared<const slot_pool::slot>(std::move(*own));
            // Where it stays: a text that grows is there twice for a moment.
            body.reserve(call.sieve ? call.kept_limit : call.body_limit);
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
        if (input.size() + read_size > input.max_size()) {
            fail(round_trip_failure(at, failure::malformed, 0, "the answer is not proper HTTP (a line without end)"));
            co_return end;
        }
        const auto space = input.prepare(read_size);
        const auto [read_error, received] = co_await on.read_some(space);
        input.commit(received);
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
    end.reusable = !send_error && parser->get().keep_alive() && !parser->need_eof() && input.size() == 0;
    end.out.answer.emplace(take_response(*parser, std::move(kept), call.sieve != nullptr));
    end.out.answer->place = std::move(place);
    co_return end;
}

}  // namespace nodescope::http_client
