#include "server/http/session.hpp"

#include "core/deadline.hpp"
#include "server/http/target.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <iterator>
#include <random>
#include <utility>

#include <sys/socket.h>
#include <sys/uio.h>

namespace nodescope::http {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

/// operations.md W4: the body where no processor asks for more.
constexpr std::size_t small_body = 4U << 10U;

/// A body that fits is sent from the same buffer as its head.
constexpr std::size_t copied_body = 4U << 10U;

/// How long a refused client may go on sending before the connection is closed under it.
constexpr milliseconds linger_limit{1'000};

/// What nginx logs for a client that went away before its answer; never sent.
constexpr unsigned client_closed_request = 499;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

method method_of(std::string_view text) noexcept
{
    if (text == "GET") return method::get;
    if (text == "HEAD") return method::head;
    if (text == "POST") return method::post;
    return method::other;
}

constexpr refusal body_too_large{413, "the request body is too large"};
constexpr std::string_view plain_text = "text/plain; charset=utf-8";

/// RFC 9110, 6.4.1.
constexpr bool has_body(unsigned status) noexcept { return status != 204 && status != 304; }

iovec to_iovec(std::string_view bytes) noexcept
{
    // sendmsg() does not write to it; the type is shared with recvmsg().
    return {const_cast<char*>(bytes.data()), bytes.size()};
}

/// Takes `sent` bytes off the front; true when nothing is left.
bool take_sent(std::array<iovec, 2>& parts, std::size_t sent) noexcept
{
    std::size_t left = 0;
    for (iovec& part : parts) {
        const std::size_t taken = std::min(sent, part.iov_len);
        part.iov_base = static_cast<char*>(part.iov_base) + taken;
        part.iov_len -= taken;
        sent -= taken;
        left += part.iov_len;
    }
    return left == 0;
}

}  // namespace

session_environment::session_environment(server_options o, std::vector<route> table, logger& l)
    : options(std::move(o)),
      routes(std::move(table)),
      origins(options.allowed_hosts, options.allowed_origins),
      log(l),
      last_request_id_((std::uint64_t{std::random_device{}()} << 32U) | std::random_device{}())
{
}

std::string_view session_environment::next_request_id()
{
    request_id_.clear();
    fmt::format_to(std::back_inserter(request_id_), "{:016x}", ++last_request_id_);
    return request_id_;
}

session::session(session_environment& environment, socket_type socket, std::string peer)
    : environment_(environment),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      watchdog_(socket_.get_executor()),
      // One byte more, so that a head of one byte too many can be told from one that is not complete.
      input_(environment.options.max_header + 1)
{
}

task<> session::run()
{
    try {
        bool more = true;
        while (more) more = co_await serve_one();
        if (linger_ && interruption_ != interruption::cut) co_await linger();
    } catch (const std::exception& failed) {
        environment_.log.write(log_level::error, "a session ended with an exception",
                               {{"peer", peer_}, {"error", failed.what()}});
    }
    // Only now may the callbacks that hold this session let go of it.
    watchdog_.cancel();
    boost::system::error_code ignored;
    socket_.close(ignored);
}

/// One request and its answer. False when the connection is to be closed.
task<bool> session::serve_one()
{
    start_request();
    const read_outcome head = co_await read_head();
    if (head == read_outcome::ended) co_return false;
    if (head == read_outcome::complete) refusal_ = inspect_head();
    if (head_.http_2_preface) co_return false;
    // From here on a refusal says that the bytes behind the head cannot be trusted, or are not wanted.
    if (refusal_) co_return co_await answer_refusal(false);
    if (unrouted_ && head_.expects_continue) {
        refusal_ = unrouted_;
        co_return co_await answer_refusal(false);
    }

    const read_outcome body = co_await read_body();
    if (body == read_outcome::ended) co_return false;
    if (body == read_outcome::refused) co_return co_await answer_refusal(false);
    if (unrouted_) {
        refusal_ = unrouted_;
        co_return co_await answer_refusal(true);
    }

    const reply answer = co_await ask_route();
    if (interruption_ == interruption::peer_gone) {
        ++environment_.statistics.requests_abandoned;
        log_request(client_closed_request, 0);
        co_return false;
    }
    if (answer.stream && request_.verb != method::head) co_return co_await write_stream(answer, keep_alive_);
    co_return co_await write_answer(answer, keep_alive_);
}

void session::start_request()
{
    request_.verb = method::other;
    request_.verb_text.clear();
    request_.path.clear();
    request_.query.clear();
    request_.body.clear();
    request_.content_type.clear();
    request_.request_id.clear();
    request_.peer = peer_;
    head_ = {};
    refusal_ = {};
    unrouted_ = {};
    route_ = nullptr;
    allow_ = {};
    keep_alive_ = false;
    scanner_.reset();
    chunks_ = {};
    chunks_scanned_ = 0;
    compact();
}

/// Reads until the head is complete. It then lies at the start of the buffer, and stays there until read_body().
task<session::read_outcome> session::read_head()
{
    const server_options& options = environment_.options;
    bool begun = end_ > 0;
    if (!begun && environment_.draining && !has_pending_input()) co_return read_outcome::ended;
    received_at_ = std::chrono::steady_clock::now();
    // A client that has connected and says nothing gets no idle time: that is for those that were answered before.
    const bool idle = !begun && !first_request_;
    enter(idle ? phase::idle : phase::reading, received_at_ + (idle ? options.idle_timeout : options.header_timeout));
    for (;;) {
        const auto found = scanner_.scan(unread());
        if (found == head_scanner::state::malformed) refusal_ = {400, "malformed request"};
        else if (scanner_.size() > options.max_header) refusal_ = too_large_head();
        if (refusal_) co_return read_outcome::refused;
        if (found == head_scanner::state::complete) break;

        if (!co_await read_some()) {
            if (begun && interruption_ == interruption::timed_out) {
                refusal_ = {408, "the request header did not arrive in time"};
                co_return read_outcome::refused;
            }
            if (begun) log_request(interruption_ == interruption::cut ? 503 : client_closed_request, 0);
            co_return read_outcome::ended;
        }
        if (begun) continue;
        begun = true;
        received_at_ = std::chrono::steady_clock::now();
        if (idle) enter(phase::reading, received_at_ + options.header_timeout);
    }
    first_request_ = false;
    co_return read_outcome::complete;
}

refusal session::too_large_head() const
{
    const bool in_request_line = std::memchr(input_.data(), '\n', end_) == nullptr;
    if (in_request_line) return {414, "the request target is too long"};
    return {431, "the request header is too large"};
}

/// Everything that is decided before the body is read, in the order of annex 2. Copies what the handler will see, for
/// the bytes of the head give way to those of the body.
refusal session::inspect_head()
{
    const server_options& options = environment_.options;
    const std::string_view bytes(input_.data(), scanner_.size());
    head_limits limits;
    limits.target_bytes = options.max_target;
    limits.fields = options.max_header_fields;
    const refusal malformed = parse_head(bytes, limits, head_);
    request_.verb = method_of(head_.method);
    request_.verb_text = head_.method;
    request_.path = head_.target;  // for the log, until the canonical one is known
    if (head_.request_id && is_request_id(*head_.request_id)) request_.request_id = *head_.request_id;
    else request_.request_id = environment_.next_request_id();
    if (malformed) return malformed;

    target_parts target;
    if (const refusal refused = split_target(head_.target, target)) return refused;
    if (head_.host) {
        if (const refusal refused = environment_.origins.check_host(*head_.host)) return refused;
    }
    if (!target.authority.empty()) {
        if (const refusal refused = environment_.origins.check_host(target.authority)) return refused;
    }
    if (const refusal refused = environment_.origins.check_origin(head_)) return refused;
    if (const refusal refused = canonical_path(target.path, request_.path)) return refused;
    request_.query = target.query;
    if (head_.content_type) request_.content_type = *head_.content_type;
    if (const refusal refused = read_request_timeout()) return refused;
    keep_alive_ = head_.keep_alive;

    choose_route();
    if (head_.content_length.value_or(0) > body_limit_) return body_too_large;
    parser_.start(body_limit_);
    // Two readings of one head must not differ: what is between them is where requests are smuggled.
    const auto second_reading = parser_.feed(bytes, begin_);
    const bool agreed = second_reading != message_parser::state::malformed && begin_ == bytes.size() &&
                        parser_.agrees(head_.chunked, head_.content_length.value_or(0));
    return agreed ? refusal{} : refusal{400, "malformed request"};
}

/// The whole answer's deadline; a client may ask for less than the configured time, never for more.
refusal session::read_request_timeout()
{
    request_.limit = deadline::in(environment_.options.request_timeout);
    if (!head_.request_timeout) return {};
    const auto asked = parse_duration(*head_.request_timeout);
    if (!asked) return {400, "X-Request-Timeout is not a duration: use 250ms, 5s, 1m or 2h, from 1ms to 24h"};
    request_.limit = deadline::sooner(request_.limit, deadline::in(*asked));
    return {};
}

void session::choose_route()
{
    const router::match match = environment_.routes.find(request_.verb, request_.path);
    route_ = match.found;
    allow_ = match.allow;
    body_limit_ = small_body;
    if (route_ == nullptr) {
        unrouted_ = allow_.empty() ? refusal{404, "there is nothing at this path"} : refusal{405, {}};
    } else if (route_->verb == method::post) {
        body_limit_ = std::min(route_->body_limit, environment_.options.max_body);
        if (head_.content_type && !is_json_content_type(*head_.content_type)) {
            unrouted_ = {415, "the Content-Type must be application/json"};
        }
    }
}

task<session::read_outcome> session::read_body()
{
    if (!head_.has_body()) co_return read_outcome::complete;
    if (head_.expects_continue && unread().empty()) {
        const bool sent = co_await write_all("HTTP/1.1 100 Continue\r\n\r\n", std::string_view());
        if (!sent) co_return read_outcome::ended;
    }
    enter(phase::reading, environment_.options.body_timeout);
    while (!decode_body()) {
        if (refusal_) co_return read_outcome::refused;
        if (co_await read_some()) continue;
        if (interruption_ != interruption::timed_out) {
            log_request(interruption_ == interruption::cut ? 503 : client_closed_request, 0);
            co_return read_outcome::ended;
        }
        refusal_ = {408, "the request body did not arrive in time"};
        co_return read_outcome::refused;
    }
    request_.body = parser_.take_body();
    co_return read_outcome::complete;
}

/// Takes what has arrived of the body. True when it is complete; with a refusal it never will be.
bool session::decode_body()
{
    if (begin_ == end_) return false;
    std::size_t scanned = 0;
    auto framing = chunk_scanner::state::incomplete;
    if (head_.chunked) framing = chunks_.scan(unread().substr(chunks_scanned_), scanned);
    chunks_scanned_ += scanned;
    std::size_t used = 0;
    const auto decoded = parser_.feed(unread(), used);
    begin_ += used;
    if (framing == chunk_scanner::state::malformed || decoded == message_parser::state::malformed) {
        refusal_ = {400, "malformed request body"};
    } else if (decoded == message_parser::state::too_large) {
        refusal_ = body_too_large;
    } else if (head_.chunked) {
        // Both must see the same end.
        const bool both = framing == chunk_scanner::state::complete && decoded == message_parser::state::complete;
        const bool neither = framing == chunk_scanner::state::incomplete && decoded == message_parser::state::need_more;
        if ((!both && !neither) || (both && chunks_scanned_ != used)) refusal_ = {400, "malformed request body"};
        chunks_scanned_ -= std::min(used, chunks_scanned_);
    }
    if (refusal_) return false;
    if (decoded == message_parser::state::complete) return true;
    compact();
    // The decoder keeps no more than one line in the buffer, and the scanner lets no line be that long.
    if (end_ == input_.size()) refusal_ = {400, "malformed request body"};
    return false;
}

/// The handler runs as part of this coroutine, so that asking costs no more than a call; interrupt() cancels it through
/// the session's own signal, and the state of that cancellation is wiped out afterwards.
task<reply> session::ask_route()
{
    enter(phase::handling, request_.limit.at());
    environment_.on_handling();
    reply answer;
    bool failed = false;
    std::string reason;
    try {
        auto asked = route_->handle(request_);
        answer = co_await std::move(asked);
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
    if (interruption_ != interruption::none) co_return reply_to_interruption();
    if (!failed) co_return answer;
    environment_.log.write(log_level::error, "a handler failed",
                           {{"path", request_.path}, {"request_id", request_.request_id}, {"error", reason}});
    co_return reply(500, std::string(plain_text), "internal error");
}

reply session::reply_to_interruption() const
{
    if (interruption_ == interruption::timed_out) {
        return reply(route_->deadline_status, std::string(plain_text),
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
    context.keep_alive = keep_alive && !environment_.draining && interruption_ != interruption::cut;
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

/// The answer that has no end of its own. While it waits for its next piece, the client is watched as it is while a
/// route is asked.
task<bool> session::write_stream(const reply& answer, bool keep_alive)
{
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

/// Sends at once what the socket takes, which is all of it but for long answers and slow clients.
task<bool> session::write_all(std::string_view head, std::string_view body)
{
    std::array<iovec, 2> parts{to_iovec(head), to_iovec(body)};
    enter(phase::writing, environment_.options.write_timeout);
    for (;;) {
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            if (take_sent(parts, static_cast<std::size_t>(sent))) co_return true;
            enter(phase::writing, environment_.options.write_timeout);  // progress renews the limit
        } else if (errno == EAGAIN) {
            if (interrupted()) co_return false;
            auto [failed] = co_await socket_.async_wait(socket_type::wait_write, as_result);
            if (failed) co_return false;
        } else if (errno != EINTR) {
            co_return false;
        }
    }
}

/// False at the end of the input, on an error, and when interrupted.
task<bool> session::read_some()
{
    if (interrupted()) co_return false;
    auto [failed, received] =
        co_await socket_.async_read_some(asio::buffer(input_.data() + end_, input_.size() - end_), as_result);
    end_ += received;
    co_return !failed;
}

/// Ends our side, and swallows for a moment what a refused client is still sending.
task<> session::linger()
{
    boost::system::error_code failed;
    socket_.shutdown(socket_type::shutdown_send, failed);
    enter(phase::reading, linger_limit);
    do {
        begin_ = end_ = 0;
    } while (!failed && co_await read_some());
}

void session::drain()
{
    if (phase_ == phase::streaming) {
        interrupt(interruption::drained);
        return;
    }
    const bool nothing_asked = phase_ == phase::idle || (phase_ == phase::reading && end_ == 0 && scanner_.size() == 0);
    // What has arrived already is answered.
    if (nothing_asked && !has_pending_input()) interrupt(interruption::drained);
}

void session::cut() { interrupt(interruption::cut); }

void session::peer_gone() { interrupt(interruption::peer_gone); }

void session::interrupt(interruption why)
{
    interruption_ = why;
    if (handling()) {
        cancellation_.emit(asio::cancellation_type::terminal);
        return;
    }
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

bool session::interrupted() const noexcept
{
    return interruption_ == interruption::cut || interruption_ == interruption::timed_out;
}

bool session::has_pending_input()
{
    char byte = 0;
    return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void session::enter(phase next, std::chrono::milliseconds limit)
{
    enter(next, std::chrono::steady_clock::now() + limit);
}

void session::enter(phase next, std::chrono::steady_clock::time_point limit)
{
    phase_ = next;
    limit_ = limit;
    // The wait that was to end has ended by itself: a request that came in as the drain began is answered.
    if (interruption_ == interruption::timed_out || interruption_ == interruption::drained) {
        interruption_ = interruption::none;
    }
    if (limit_ < armed_for_) arm_watchdog();
}

void session::arm_watchdog()
{
    armed_for_ = limit_;
    watchdog_.expires_at(limit_);
    watchdog_.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
        if (!cancelled) self->on_watchdog();
    });
}

void session::on_watchdog()
{
    armed_for_ = std::chrono::steady_clock::time_point::max();
    if (std::chrono::steady_clock::now() < limit_) arm_watchdog();
    else if (interruption_ == interruption::none) interrupt(interruption::timed_out);
}

void session::log_request(unsigned status, std::size_t bytes)
{
    using std::chrono::microseconds;
    ++environment_.statistics.requests;
    const auto taken = std::chrono::steady_clock::now() - received_at_;
    const auto taken_us = std::chrono::duration_cast<microseconds>(taken).count();
    environment_.log.write_always(log_level::info, "request",
                                  {{"method", request_.verb_text},
                                   {"path", request_.path},
                                   {"status", status},
                                   {"bytes", bytes},
                                   {"duration_ms", static_cast<double>(taken_us) / 1000},
                                   {"peer", peer_},
                                   {"request_id", request_.request_id}});
}

std::string_view session::unread() const noexcept { return {input_.data() + begin_, end_ - begin_}; }

void session::compact()
{
    if (begin_ == 0) return;
    std::memmove(input_.data(), input_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
}

}  // namespace nodescope::http
