// Answers that come piece by piece and have no length.
#include "server/http/session.hpp"

#include <fmt/format.h>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <iterator>

namespace nodescope::http {

namespace asio = boost::asio;

/// The answer that has no end of its own. While it waits for its next piece, the client is watched as it is while a
/// route is asked.
task<bool> session::write_stream(const reply& answer, bool keep_alive)
{
    streamed_ = true;
    reply_context context;
    context.keep_alive = keep_alive && !head_.http_1_0;
    context.http_1_0 = head_.http_1_0;
    context.request_id = request_.request_id;
    context.date = environment_.date.now();
    output_.clear();
    append_reply_head(output_, answer, context);
    bool open = co_await write_all(output_, std::string_view());
    std::size_t bytes = 0;
    while (open) {
        const std::optional<std::string> piece = co_await next_piece(*answer.stream);
        if (!piece) break;
        bytes += piece->size();
        output_.clear();
        if (!head_.http_1_0) fmt::format_to(std::back_inserter(output_), "{:x}\r\n", piece->size());
        output_ += *piece;
        if (!head_.http_1_0) output_ += "\r\n";
        open = co_await write_all(output_, std::string_view());
    }
    if (interruption_ == interruption::peer_gone || interruption_ == interruption::cut) open = false;
    if (open && !head_.http_1_0) open = co_await write_all("0\r\n\r\n", std::string_view());
    log_request(answer.status, bytes);
    co_return open&& context.keep_alive && !environment_.draining;
}

/// Nothing when the stream ended, failed or was interrupted.
task<std::optional<std::string>> session::next_piece(body_stream& from)
{
    std::optional<std::string> piece;
    if (environment_.draining) co_return piece;
    const in_flight_mark in_flight(environment_.statistics.in_flight);
    enter(phase::streaming, std::chrono::steady_clock::time_point::max());
    environment_.on_handling();
    std::string reason;
    try {
        auto asked = from.next();
        piece = co_await std::move(asked);
    } catch (const std::exception& thrown) {
        reason = thrown.what();
    }
    phase_ = phase::writing;
    co_await asio::this_coro::reset_cancellation_state();
    co_await asio::this_coro::throw_if_cancelled(true);
    if (interruption_ != interruption::none) {
        piece.reset();
    } else if (!reason.empty()) {
        environment_.log.write(log_level::error, "a stream failed",
                               {{"path", request_.path}, {"request_id", request_.request_id}, {"error", reason}});
    }
    // A chunk without bytes would end the body.
    if (piece && piece->empty()) piece.reset();
    co_return piece;
}

}  // namespace nodescope::http
