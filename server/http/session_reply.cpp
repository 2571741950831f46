// The answer to a request: asking the gate and the route, and sending what comes of it.
#include "server/http/session.hpp"

#include "core/deadline.hpp"

#include <fmt/format.h>
#include <boost/asio/this_coro.hpp>

#include <exception>

namespace nodescope::http {

namespace asio = boost::asio;

namespace {

/// A body that fits is sent from the same buffer as its head.
constexpr std::size_t copied_body = 4U << 10U;

constexpr std::string_view plain_text = "text/plain; charset=utf-8";

/// RFC 9110, 6.4.1.
constexpr bool has_body(unsigned status) noexcept { return status != 204 && status != 304; }

}  // namespace

/// Runs `work` as part of this coroutine, so that asking costs no more than a call; interrupt() cancels it through the
/// session's own signal, and the state of that cancellation is wiped out afterwards. False when it threw.
template <class T>
task<bool> session::run_cancellable(task<T> work, T& answer)
{
    const in_flight_mark in_flight(environment_.statistics.in_flight);
    enter(phase::handling, request_.limit.at());
    environment_.on_handling();
    bool failed = false;
    std::string reason;
    try {
        answer = co_await std::move(work);
    } catch (const std::exception& thrown) {
        failed = true;
        reason = thrown.what();
    } catch (...) {
        failed = true;
        reason = "something that is no std::exception";
    }
    phase_ = phase::writing;
    co_await asio::this_coro::reset_cancellation_state();
    co_await asio::this_coro::throw_if_cancelled(true);
    if (failed && interruption_ == interruption::none) {
        environment_.log.write(log_level::error, "a handler failed",
                               {{"path", request_.path}, {"request_id", request_.request_id}, {"error", reason}});
    }
    co_return !failed;
}

/// Whether this request may be looked at any further. admission_ says why not.
task<bool> session::pass_gate()
{
    if (route_ != nullptr && route_->open) co_return true;
    admission_ = {};
    if (!visitor_) visitor_ = environment_.security.admission->meet(peer_, transport_.descriptor(), transport_.tls());
    admission asked;
    const bool answered = co_await run_cancellable(ask_gate(), asked);
    if (interruption_ != interruption::none) co_return false;
    if (answered) admission_ = std::move(asked);
    else admission_ = admission(500, "internal error");
    co_return admission_.granted();
}

task<admission> session::ask_gate()
{
    const std::string_view credentials = head_.authorization.value_or(std::string_view());
    admission asked = co_await visitor_->authenticate(credentials, request_.limit);
    if (!asked.granted()) co_return asked;
    request_.caller = visitor_->caller();
    // There is nothing to be had at a path that has two spellings; the answer is 400.
    if (unspeakable_) co_return asked;
    const area wanted = route_ != nullptr ? route_->gives : area::diagnosis;
    asked = co_await visitor_->authorise(request_.verb, wanted, request_.limit);
    co_return asked;
}

task<bool> session::answer_denial()
{
    if (interruption_ == interruption::peer_gone) {
        ++environment_.statistics.requests_abandoned;
        log_request(client_closed_request, 0);
        co_return false;
    }
    linger_ = true;
    reply answer = reply_to_interruption();
    if (interruption_ == interruption::none) {
        answer = reply(admission_.status, std::string(plain_text), std::string(admission_.sentence));
        answer.headers = admission_.headers;
    }
    co_return co_await write_answer(answer, false);
}

task<reply> session::ask_route()
{
    reply answer;
    const bool answered = co_await run_cancellable(route_->handle(request_), answer);
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
        answer.body = fmt::format("method {} is not supported", request_.verb_text);
        answer.headers.emplace_back("Allow", allow_);
    }
    // Closing a socket with unread input resets the connection, and the reset can overtake the answer.
    if (!body_was_read) linger_ = true;
    co_return co_await write_answer(answer, body_was_read && keep_alive_);
}

task<bool> session::write_answer(const reply& answer, bool keep_alive)
{
    if (request_.request_id.empty()) request_.request_id = environment_.next_request_id();
    reply_context context;
    context.keep_alive = keep_alive && !environment_.draining && interruption_ != interruption::cut &&
                         !transport_.outdated(environment_.tls());
    context.http_1_0 = head_.http_1_0;
    context.request_id = request_.request_id;
    context.date = environment_.date.now();
    output_.clear();
    append_reply_head(output_, answer, context);
    std::string_view body = answer.body;
    if (request_.verb == method::head || !has_body(answer.status)) body = {};
    const std::size_t bytes = body.size();
    if (bytes <= copied_body) {
        output_ += body;
        body = {};
    }
    const bool sent = co_await write_all(output_, body);
    log_request(answer.status, sent ? bytes : 0);
    if (!context.keep_alive && begin_ < end_) linger_ = true;
    co_return sent&& context.keep_alive;
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
