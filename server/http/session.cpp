#include "server/http/session.hpp"

#include "core/append_formatted.hpp"
#include "server/http/places.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <cstring>
#include <exception>
#include <random>
#include <utility>

namespace nodescope::http {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

/// How long a refused client may go on sending before the connection is closed under it, which loses the answer to many
/// clients: as long as it sends on, but no longer than this.
constexpr milliseconds linger_limit{5'000};
constexpr milliseconds linger_pause{1'000};

/// How long a new connection has for its first request when the drain begins. Its client may have sent it before we
/// closed the listener; ending the connection at once would lose it.
constexpr milliseconds new_connection_grace{1'000};

constexpr refusal no_room_for_answer{
    503, "the memory there is for answers is taken, by answers that others have not read yet or by other work"};

}  // namespace

session_environment::session_environment(server_options o, std::vector<route> table, server_security guards, traffic t,
                                         logger& l)
    : options(std::move(o)),
      routes(std::move(table)),
      security(std::move(guards)),
      handshakes(security.tls ? std::make_unique<handshake_line>() : nullptr),
      origins(options.allowed_hosts, options.allowed_origins),
      log(l),
      memory(std::move(t)),
      last_request_id_((std::uint64_t{std::random_device{}()} << 32U) | std::random_device{}())
{
    if (security.admission->knows_admitted()) {
        memory.bodies.keep_for_admitted();
        memory.answers.keep_for_admitted();
    }
    statistics.routes.resize(routes.all().size() + 1);
    for (std::size_t at = 0; at < routes.all().size(); ++at) statistics.routes[at].path = routes.all()[at].path;
}

std::string_view session_environment::next_request_id()
{
    request_id_.clear();
    append_formatted(request_id_, "{:016x}", ++last_request_id_);
    return request_id_;
}

session::session(session_environment& environment, transport::socket_type socket, transport::tls_context tls,
                 peer_info peer)
    : environment_(environment),
      transport_(std::move(socket), std::move(tls)),
      peer_(std::move(peer)),
      claimant_(claimant_of(peer_)),
      watchdog_(transport_.get_executor())
{
}

task<> session::run()
{
    try {
        bool more = co_await greet();
        // One byte more, so that a head of one byte too many can be told from one that is not complete.
        if (more) input_.resize(environment_.options.max_header + 1);
        while (more) more = co_await serve_one();
        if (linger_ && interruption_ != interruption::cut) co_await linger();
    } catch (const std::exception& failed) {
        environment_.log.write(log_level::error, "a session ended with an exception",
                               {{"peer", peer_.text}, {"error", failed.what()}});
    }
    // Only now may the callbacks that hold this session let go of it.
    watchdog_.cancel();
    visitor_.reset();
    // An answer that was cut short: its reader takes nothing.
    if (phase_ == phase::writing && interrupted()) transport_.abandon();
    else transport_.close();
}

/// The TLS handshake, where there is one. False when there is nobody to serve.
task<bool> session::greet()
{
    // It may have had to give way before it began.
    if (interruption_ == interruption::cut) co_return false;
    if (!environment_.handshakes) co_return true;
    const deadline limit = deadline::in(environment_.options.tls_handshake_timeout);
    enter(phase::greeting, limit.at());
    bool greeted = false;
    try {
        greeted = co_await transport_.handshake(*environment_.handshakes, peer_, limit);
    } catch (const std::exception&) {
        if (interruption_ == interruption::none) throw;
    }
    phase_ = phase::reading;
    greeted_ = greeted;
    co_await asio::this_coro::reset_cancellation_state();
    if (greeted || interruption_ == interruption::cut || interruption_ == interruption::drained) co_return greeted;
    ++environment_.statistics.handshakes_failed;
    std::string reason = transport_.handshake_failure();
    if (reason.empty())
        reason = interruption_ == interruption::timed_out ? "not finished in time" : "the client went away";
    environment_.log.write(log_level::info, "a TLS handshake failed", {{"peer", peer_.text}, {"reason", reason}});
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
    refusal_ = ambiguous_;
    if (!refusal_) refusal_ = decide_body();
    if (!refusal_ && head_.expects_continue) refusal_ = unrouted_;
    if (refusal_) co_return co_await answer_refusal(false);

    const read_outcome body = co_await read_body();
    if (body == read_outcome::ended) co_return false;
    if (body == read_outcome::refused) co_return co_await answer_refusal(false);
    if (unrouted_) {
        refusal_ = unrouted_;
        co_return co_await answer_refusal(true);
    }

    reply answer = co_await call_route();
    forget_body();
    if (!charge_answer(answer)) {
        refusal_ = no_room_for_answer;
        // Now: the refusal may wait for its reader too.
        answer.drop_text();
        co_return co_await answer_refusal(true);
    }
    if (interruption_ == interruption::peer_gone) co_return abandon();
    if (answer.stream && request_.verb != method::head) co_return co_await write_stream(answer, keep_alive_);
    co_return co_await write_answer(answer, keep_alive_);
}

void session::start_request()
{
    request_ = {};
    request_.peer = peer_.text;
    request_.claimant = claimant_;
    head_ = {};
    refusal_ = {};
    ambiguous_ = {};
    unrouted_ = {};
    admission_ = {};
    route_ = nullptr;
    allow_ = {};
    keep_alive_ = false;
    streamed_ = false;
    scanner_ = {};
    chunks_ = {};
    chunks_scanned_ = 0;
    forget_body();
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
    const auto end = steady_clock::now() + linger_limit;
    bool more = true;
    while (more && !interrupted()) {
        enter(phase::reading, std::min(end, steady_clock::now() + linger_pause));
        more = co_await transport_.discard_some(input_.data(), input_.size());
    }
}

void session::drain()
{
    if (phase_ == phase::streaming) {
        interrupt(interruption::drained);
        return;
    }
    if (phase_ == phase::greeting) {
        limit_to_grace();
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
    until_ = std::min(until_, accepted_at_ + new_connection_grace);
    if (until_ < armed_for_) arm_watchdog();
}

void session::cut() { interrupt(interruption::cut); }

void session::peer_gone() { interrupt(interruption::peer_gone); }

void session::interrupt(interruption why)
{
    interruption_ = why;
    if (handling() || phase_ == phase::greeting) {
        cancellation_.emit(asio::cancellation_type::terminal);
        return;
    }
    transport_.cancel();
}

bool session::interrupted() const noexcept
{
    return interruption_ == interruption::cut || interruption_ == interruption::timed_out;
}

void session::enter(phase next, std::chrono::milliseconds limit) { enter(next, steady_clock::now() + limit); }

void session::enter(phase next, steady_clock::time_point until)
{
    phase_ = next;
    until_ = until;
    // The wait that was to end has ended by itself: a request that came in as the drain began is answered.
    if (interruption_ == interruption::timed_out || interruption_ == interruption::drained) {
        interruption_ = interruption::none;
    }
    if (until_ < armed_for_) arm_watchdog();
}

void session::arm_watchdog()
{
    armed_for_ = until_;
    watchdog_.expires_at(until_);
    watchdog_.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
        if (!cancelled) self->on_watchdog();
    });
}

void session::on_watchdog()
{
    armed_for_ = steady_clock::time_point::max();
    if (steady_clock::now() < until_) arm_watchdog();
    else if (interruption_ == interruption::none) interrupt(interruption::timed_out);
}

route_statistics& session_environment::statistics_of(const route* row) noexcept
{
    const auto& rows = routes.all();
    return statistics.routes[row == nullptr ? rows.size() : static_cast<std::size_t>(row - rows.data())];
}

/// The client went away before its answer: there is nobody left to serve.
bool session::abandon()
{
    ++environment_.statistics.requests_abandoned;
    log_request(client_closed_request, 0);
    return false;
}

void session::log_request(unsigned status, std::size_t bytes)
{
    ++environment_.statistics.requests;
    const auto taken = steady_clock::now() - received_at_;
    const auto taken_us = std::chrono::duration_cast<std::chrono::microseconds>(taken).count();
    route_statistics& counts = environment_.statistics_of(route_);
    counts.count(status);
    // How long a stream lasts is the client's choice.
    if (!streamed_) counts.count_duration(taken);
    log_line(status, {{"method", request_.verb_text},
                      {"path", request_.path},
                      {"status", status},
                      {"bytes", bytes},
                      {"duration_ms", static_cast<double>(taken_us) / 1000},
                      {"peer", peer_.text},
                      {"caller", request_.caller.empty() ? std::string_view("-") : request_.caller},
                      {"request_id", request_.request_id}});
}

/// A line for each request that passed the gate. The others cost their sender nothing, and must not fill the disk:
/// a probe that went well is for debugging, a refused request is counted when there are many.
void session::log_line(unsigned status, std::initializer_list<log_field> fields)
{
    constexpr std::string_view message = "request";
    const bool good_probe = route_ != nullptr && route_->open && status / 100 == 2;
    if (admission_.granted()) environment_.log.write_always(log_level::info, message, fields);
    else if (good_probe) environment_.log.write_always(log_level::debug, message, fields);
    else environment_.log.write(log_level::info, message, fields);
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
