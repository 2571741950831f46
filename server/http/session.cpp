#include "server/http/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <iterator>
#include <random>
#include <utility>

namespace nodescope::http {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

/// How long a refused client may go on sending before the connection is closed under it.
constexpr milliseconds linger_limit{1'000};

/// How long a new connection has for its first request when the drain begins. Its client may have sent it before we
/// closed the listener; ending the connection at once would lose it.
constexpr milliseconds new_connection_grace{1'000};

}  // namespace

session_environment::session_environment(server_options o, std::vector<route> table, server_security guards, logger& l)
    : options(std::move(o)),
      routes(std::move(table)),
      security(std::move(guards)),
      origins(options.allowed_hosts, options.allowed_origins),
      log(l),
      last_request_id_((std::uint64_t{std::random_device{}()} << 32U) | std::random_device{}())
{
    statistics.routes.resize(routes.all().size() + 1);
    for (std::size_t at = 0; at < routes.all().size(); ++at) statistics.routes[at].path = routes.all()[at].path;
}

std::string_view session_environment::next_request_id()
{
    request_id_.clear();
    fmt::format_to(std::back_inserter(request_id_), "{:016x}", ++last_request_id_);
    return request_id_;
}

session::session(session_environment& environment, transport::socket_type socket, transport::tls_context tls,
                 peer_info peer)
    : environment_(environment),
      transport_(std::move(socket), std::move(tls)),
      peer_(std::move(peer)),
      watchdog_(transport_.get_executor()),
      // One byte more, so that a head of one byte too many can be told from one that is not complete.
      input_(environment.options.max_header + 1)
{
}

task<> session::run()
{
    try {
        bool more = co_await greet();
        while (more) more = co_await serve_one();
        if (linger_ && interruption_ != interruption::cut) co_await linger();
    } catch (const std::exception& failed) {
        environment_.log.write(log_level::error, "a session ended with an exception",
                               {{"peer", peer_.text}, {"error", failed.what()}});
    }
    // Only now may the callbacks that hold this session let go of it.
    watchdog_.cancel();
    visitor_.reset();
    transport_.close();
}

/// The TLS handshake, where there is one. False when there is nobody to serve.
task<bool> session::greet()
{
    enter(phase::reading, environment_.options.tls_handshake_timeout);
    const bool greeted = co_await transport_.handshake();
    if (greeted || interruption_ == interruption::cut || interruption_ == interruption::drained) co_return greeted;
    ++environment_.statistics.handshakes_failed;
    const bool late = interruption_ == interruption::timed_out;
    environment_.log.write(log_level::info, "a TLS handshake failed",
                           {{"peer", peer_.text},
                            {"reason", late                                     ? "not finished in time"
                                       : transport_.handshake_failure().empty() ? "the client went away"
                                                                                : transport_.handshake_failure()}});
    co_return false;
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
    const bool admitted = co_await pass_gate();
    if (!admitted) co_return co_await answer_denial();
    co_return co_await serve_admitted();
}

task<bool> session::serve_admitted()
{
    refusal_ = unspeakable_;
    if (!refusal_) refusal_ = decide_body();
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
    request_.accepts_gzip = false;
    request_.request_id.clear();
    request_.peer = peer_.text;
    request_.caller.clear();
    head_ = {};
    refusal_ = {};
    unspeakable_ = {};
    unrouted_ = {};
    admission_ = {};
    route_ = nullptr;
    allow_ = {};
    keep_alive_ = false;
    streamed_ = false;
    scanner_.reset();
    chunks_ = {};
    chunks_scanned_ = 0;
    compact();
}

task<bool> session::read_some()
{
    if (interrupted()) co_return false;
    const std::size_t received = co_await transport_.read_some(input_.data() + end_, input_.size() - end_);
    end_ += received;
    co_return received > 0;
}

/// Ends our side, and swallows for a moment what a refused client is still sending.
task<> session::linger()
{
    transport_.end_sending();
    enter(phase::reading, linger_limit);
    bool more = true;
    while (more && !interrupted()) more = co_await transport_.discard_some(input_.data(), input_.size());
}

void session::drain()
{
    if (phase_ == phase::streaming) {
        interrupt(interruption::drained);
        return;
    }
    const bool nothing_asked = phase_ == phase::idle || (phase_ == phase::reading && end_ == 0 && scanner_.size() == 0);
    // What has arrived already is answered.
    if (!nothing_asked || transport_.has_pending_input()) return;
    if (first_request_) limit_to_grace();
    else interrupt(interruption::drained);
}

void session::limit_to_grace()
{
    limit_ = std::min(limit_, accepted_at_ + new_connection_grace);
    if (limit_ < armed_for_) arm_watchdog();
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
    transport_.cancel();
}

bool session::interrupted() const noexcept
{
    return interruption_ == interruption::cut || interruption_ == interruption::timed_out;
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

route_statistics& session_environment::statistics_of(const route* row) noexcept
{
    const auto& rows = routes.all();
    return statistics.routes[row == nullptr ? rows.size() : static_cast<std::size_t>(row - rows.data())];
}

void session::log_request(unsigned status, std::size_t bytes)
{
    using std::chrono::microseconds;
    ++environment_.statistics.requests;
    const auto taken = std::chrono::steady_clock::now() - received_at_;
    const auto taken_us = std::chrono::duration_cast<microseconds>(taken).count();
    route_statistics& counts = environment_.statistics_of(route_);
    counts.count(status);
    // How long a stream lasts is the client's choice.
    if (!streamed_) counts.count_duration(taken);
    environment_.log.write_always(log_level::info, "request",
                                  {{"method", request_.verb_text},
                                   {"path", request_.path},
                                   {"status", status},
                                   {"bytes", bytes},
                                   {"duration_ms", static_cast<double>(taken_us) / 1000},
                                   {"peer", peer_.text},
                                   {"caller", request_.caller.empty() ? std::string_view("-") : request_.caller},
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
