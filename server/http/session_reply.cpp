// The answer to a request: calling the gate and the route, and sending what they return, whole or piece by piece.
#include "core/append_formatted.hpp"
#include "server/http/session.hpp"

#include "core/deadline.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <utility>

namespace nodescope::http {

namespace asio = boost::asio;

namespace {

/// A body that fits is sent from the same buffer as its head.
constexpr std::size_t copied_body = 4U << 10U;

/// When memory that others hold may be free again.
constexpr const char* retry_after_seconds = "1";

constexpr std::string_view plain_text = "text/plain; charset=utf-8";

/// How long a stream may outlive the right to it, beyond what it takes to notice a changed file.
constexpr std::chrono::seconds stream_check_interval{5};

/// RFC 9110, 6.4.1.
constexpr bool has_body(unsigned status) noexcept { return status != 204 && status != 304; }

}  // namespace

/// Runs `work` as part of this coroutine, which costs no more than a call; interrupt() cancels it through the session's
/// own signal, and the state of that cancellation is wiped out afterwards. False when it threw.
template <class T>
task<bool> session::run_cancellable(phase as, task<T> work, T& answer)
{
    ++environment_.statistics.in_flight;
    // How long a stream lasts is the client's choice.
    enter(as, as == phase::streaming ? steady_clock::time_point::max() : request_.limit.at());
    environment_.on_handling();
    std::optional<std::string> thrown;
    try {
        answer = co_await std::move(work);
    } catch (const std::exception& failed) {
        thrown = failed.what();
    } catch (...) {
        thrown = "something that is no std::exception";
    }
    --environment_.statistics.in_flight;
    phase_ = phase::writing;
    co_await asio::this_coro::reset_cancellation_state();
    co_await asio::this_coro::throw_if_cancelled(true);
    if (thrown && interruption_ == interruption::none) {
        environment_.log.write(log_level::error, as == phase::streaming ? "a stream failed" : "a handler failed",
                               {{"path", request_.path}, {"request_id", request_.request_id}, {"error", *thrown}});
    }
    co_return !thrown;
}

/// Whether this request may be looked at any further. admission_ says why not.
task<bool> session::pass_gate()
{
    if (route_ != nullptr && route_->open) co_return true;
    admission_ = {};
    credentials_ = head_.authorization.value_or(std::string_view());
    if (!visitor_) visitor_ = environment_.security.admission->meet(peer_, transport_.descriptor(), transport_.tls());
    const bool decided = co_await run_cancellable(phase::handling, check_caller(request_.limit), admission_);
    if (interruption_ != interruption::none) co_return false;
    if (!decided) admission_ = admission(500, "internal error");
    trusted_ = trusted_ || admission_.granted();
    co_return admission_.granted();
}

task<admission> session::check_caller(deadline limit)
{
    admission decided = co_await visitor_->authenticate(credentials_, limit);
    if (!decided.granted()) co_return decided;
    request_.caller = visitor_->caller();
    // No route gives anything at a path that is not canonical; the answer is 400.
    if (ambiguous_) co_return decided;
    const area wanted = route_ != nullptr ? route_->gives : area::diagnosis;
    decided = co_await visitor_->authorise(request_.verb, wanted, limit);
    co_return decided;
}

task<bool> session::answer_denial()
{
    if (interruption_ == interruption::peer_gone) co_return abandon();
    linger_ = true;
    reply answer = reply_to_interruption();
    if (interruption_ == interruption::none) {
        answer = reply(admission_.status, std::string(plain_text), std::string(admission_.sentence));
        answer.headers = admission_.headers;
    }
    co_return co_await write_answer(answer, false);
}

task<reply> session::call_route()
{
    reply answer;
    const bool answered = co_await run_cancellable(phase::handling, route_->handle(request_), answer);
    if (interruption_ != interruption::none) co_return reply_to_interruption();
    if (!answered) co_return reply(500, std::string(plain_text), "internal error");
    co_return answer;
}

reply session::reply_to_interruption() const
{
    if (interruption_ == interruption::timed_out) {
        return reply(route_ != nullptr ? route_->deadline_status : 504, std::string(plain_text),
                     fmt::format("request: not answered within {}", duration_text(request_.limit.limit())));
    }
    return reply(503, std::string(plain_text), "the service is stopping");
}

task<bool> session::answer_refusal(bool body_was_read)
{
    reply answer(refusal_.status, std::string(plain_text), std::string(refusal_.sentence));
    if (refusal_.status == 405) {
        // Only capital letters and '-' get here.
        answer.set_text(fmt::format("method {} is not supported", request_.verb_text));
        answer.headers.emplace_back("Allow", allow_);
    }
    if (refusal_.status == 503) answer.headers.emplace_back("Retry-After", retry_after_seconds);
    // Closing a socket with unread input resets the connection, and the reset can overtake the answer.
    if (!body_was_read) linger_ = true;
    co_return co_await write_answer(answer, body_was_read && keep_alive_);
}

task<bool> session::write_answer(const reply& answer, bool keep_alive)
{
    if (request_.request_id.empty()) request_.request_id = environment_.next_request_id();
    keep_alive = keep_alive && !environment_.draining && interruption_ != interruption::cut &&
                 !transport_.outdated(environment_.tls());
    start_output(answer, keep_alive);
    std::string_view body = answer.text();
    if (request_.verb == method::head || !has_body(answer.status)) body = {};
    const std::size_t bytes = body.size();
    if (bytes <= copied_body) {
        output_ += body;
        body = {};
    }
    if (answer.held) {
        answer.held->may_give_way([self = weak_from_this()] {
            if (const auto alive = self.lock()) alive->cut();
        });
    }
    const bool sent = co_await write_all(output_, body);
    log_request(answer.status, sent ? bytes : 0);
    if (!keep_alive && (begin_ < end_ || transport_.has_pending_input())) linger_ = true;
    co_return sent&& keep_alive;
}

/// What is sent counts until the client has it, and for as long as it is built (`held`) if it is large.
bool session::charge_answer(reply& answer)
{
    if (answer.held || answer.text().size() <= free_answer_bytes) return true;
    auto share = environment_.memory.answers.open(claimant_);
    if (!share->resize(answer.text().size())) return false;
    answer.held = std::move(share);
    return true;
}

void session::start_output(const reply& answer, bool keep_alive)
{
    reply_context context;
    context.keep_alive = keep_alive;
    context.http_1_0 = head_.http_1_0;
    context.request_id = request_.request_id;
    context.date = environment_.date.now();
    output_.clear();
    append_reply_head(output_, answer, context);
}

/// The answer that has no end of its own. While it waits for its next piece, the client is watched as it is while a
/// handler runs.
task<bool> session::write_stream(const reply& answer, bool keep_alive)
{
    streamed_ = true;
    keep_alive = keep_alive && !head_.http_1_0;
    start_output(answer, keep_alive);
    bool open = co_await write_all(output_);
    std::size_t bytes = 0;
    const auto watch_ended = std::make_shared<event>();
    start_watching_admission(watch_ended);
    while (open) {
        const std::optional<std::string> piece = co_await next_piece(*answer.stream);
        if (!piece) break;
        bytes += piece->size();
        output_.clear();
        if (!head_.http_1_0) append_formatted(output_, "{:x}\r\n", piece->size());
        output_ += *piece;
        if (!head_.http_1_0) output_ += "\r\n";
        open = co_await write_all(output_);
    }
    // The next request of this connection asks the gate too, which answers one at a time.
    stop_watch_.emit(asio::cancellation_type::terminal);
    static_cast<void>(co_await watch_ended->wait(deadline::in(environment_.options.request_timeout)));
    if (interruption_ == interruption::peer_gone || interruption_ == interruption::cut) open = false;
    if (open && !head_.http_1_0) open = co_await write_all("0\r\n\r\n");
    log_request(answer.status, bytes);
    co_return open&& keep_alive && !environment_.draining && interruption_ != interruption::revoked;
}

void session::start_watching_admission(std::shared_ptr<event> ended)
{
    // A route that is open to everybody has asked nobody.
    if (!visitor_ || route_->open) {
        ended->set();
        return;
    }
    const auto finish = [self = shared_from_this(), ended = std::move(ended)](const std::exception_ptr&) {
        ended->set();
    };
    asio::co_spawn(transport_.get_executor(), watch_admission(),
                   asio::bind_cancellation_slot(stop_watch_.slot(), finish));
}

/// Asks the gate again and again while a stream lasts, and ends the stream when it no longer says yes: a token that was
/// taken away, a certificate of an authority that is not trusted any more, a review that has changed.
task<> session::watch_admission()
{
    asio::steady_timer pause(transport_.get_executor());
    const auto stopped = [](const asio::cancellation_state& state) {
        return state.cancelled() != asio::cancellation_type::none;
    };
    co_await asio::this_coro::throw_if_cancelled(false);
    for (;;) {
        pause.expires_after(stream_check_interval);
        co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
        if (stopped(co_await asio::this_coro::cancellation_state)) co_return;
        admission again;
        try {
            again = co_await check_caller(deadline::in(environment_.options.request_timeout));
        } catch (const std::exception& failed) {
            again = admission(500, "internal error");
        }
        if (stopped(co_await asio::this_coro::cancellation_state)) co_return;
        if (again.granted()) continue;
        environment_.log.write(log_level::warning, "a stream ended: its caller is not admitted any more",
                               {{"peer", peer_.text},
                                {"caller", request_.caller},
                                {"path", request_.path},
                                {"reason", again.sentence},
                                {"request_id", request_.request_id}});
        if (interruption_ == interruption::none) interrupt(interruption::revoked);
        co_return;
    }
}

/// Nothing when the stream ended, failed or was interrupted.
task<std::optional<std::string>> session::next_piece(body_stream& from)
{
    std::optional<std::string> piece;
    if (environment_.draining || interruption_ == interruption::revoked) co_return piece;
    co_await run_cancellable(phase::streaming, from.next(), piece);
    // A chunk without bytes would end the body.
    if (interruption_ != interruption::none || (piece && piece->empty())) piece.reset();
    co_return piece;
}

/// Sends at once what the socket takes, which is all of it except with long answers and slow clients.
task<bool> session::write_all(std::string_view head, std::string_view body)
{
    transport::pieces left = transport::to_pieces(head, body);
    enter(phase::writing, environment_.options.write_timeout);
    for (;;) {
        const auto step = transport_.send_some(left);
        if (step == transport::progress::finished) co_return true;
        if (step == transport::progress::ended) co_return false;
        if (step == transport::progress::some) {
            enter(phase::writing, environment_.options.write_timeout);  // progress renews the limit
            continue;
        }
        if (interrupted()) co_return false;
        const bool sendable = co_await transport_.wait_until_sendable();
        if (!sendable) co_return false;
    }
}

}  // namespace nodescope::http
