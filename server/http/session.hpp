// One connection: reads requests one after the other, calls their routes, writes the answers. Reactor thread only.
#pragma once

#include "core/deadline.hpp"
#include "core/event.hpp"
#include "core/log.hpp"
#include "core/task.hpp"
#include "server/http/framing.hpp"
#include "server/http/gate.hpp"
#include "server/http/handshake_line.hpp"
#include "server/http/http_server.hpp"
#include "server/http/message_parser.hpp"
#include "server/http/origin_rules.hpp"
#include "server/http/reply_text.hpp"
#include "server/http/router.hpp"
#include "server/http/traffic.hpp"
#include "server/http/transport.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::http {

/// What all sessions of a server share. Outlives them.
struct session_environment {
    session_environment(server_options o, std::vector<route> table, server_security guards, traffic t, logger& l);

    /// 16 hexadecimal digits, another one each time.
    std::string_view next_request_id();
    /// What new connections are wrapped in; null: nothing.
    [[nodiscard]] transport::tls_context tls() const { return security.tls ? security.tls() : nullptr; }
    /// Of a row of the table; of none (null) what is counted for requests without one.
    route_statistics& statistics_of(const route* row) noexcept;

    /// Changed in place by server::reconfigure().
    server_options options;
    const router routes;
    const server_security security;
    const std::unique_ptr<handshake_line> handshakes;  ///< null: no TLS
    origin_rules origins;
    logger& log;
    traffic memory;
    server_statistics statistics;
    date_text date;
    bool draining = false;
    std::function<void()> on_handling;  ///< a session begins to call a route

private:
    std::uint64_t last_request_id_;
    std::string request_id_;
};

class session : public std::enable_shared_from_this<session> {
public:
    /// `tls` null: none.
    session(session_environment& environment, transport::socket_type socket, transport::tls_context tls,
            peer_info peer);

    /// Serves the connection to its end. To be spawned with cancellation() bound; never throws.
    task<> run();
    [[nodiscard]] boost::asio::cancellation_slot cancellation() noexcept { return cancellation_.slot(); }

    /// The drain begins: an idle connection ends now, a busy one after its answer, and one that has just been made has
    /// a moment to send its request.
    void drain();
    /// The drain is over: whatever is under way ends now.
    void cut();

    /// True while a route is called or streams: then the peer is to be watched, and peer_gone() called when it went
    /// away.
    [[nodiscard]] bool handling() const noexcept { return phase_ == phase::handling || phase_ == phase::streaming; }
    [[nodiscard]] int descriptor() { return transport_.descriptor(); }
    void peer_gone();

    /// Nothing is lost but time when it is cut: no request of it has passed the gate, and none is being answered; or it
    /// has been answered for the last time.
    [[nodiscard]] bool expendable() const noexcept
    {
        return (!trusted_ || linger_) &&
               (phase_ == phase::idle || phase_ == phase::greeting || phase_ == phase::reading);
    }
    /// Its TLS handshake is over.
    [[nodiscard]] bool greeted() const noexcept { return greeted_; }
    [[nodiscard]] const peer_info& peer() const noexcept { return peer_; }

private:
    enum class phase { idle, greeting, reading, handling, streaming, writing };
    /// Why the current wait was ended from outside.
    enum class interruption { none, timed_out, peer_gone, drained, revoked, cut };
    enum class read_outcome { complete, refused, ended };
    static constexpr refusal body_too_large{413, "the request body is too large"};

    task<bool> greet();
    task<bool> serve_one();
    task<bool> serve_admitted();
    task<read_outcome> read_head();
    refusal inspect_head();
    refusal read_request_timeout();
    void choose_route();
    refusal decide_body();
    [[nodiscard]] refusal too_large_head() const;
    task<read_outcome> read_body();
    bool decode_body();
    [[nodiscard]] bool charge_body();
    void forget_body();
    task<bool> pass_gate();
    task<admission> check_caller(deadline limit);
    void start_watching_admission(std::shared_ptr<event> ended);
    task<> watch_admission();
    task<reply> call_route();
    template <class T>
    task<bool> run_cancellable(phase as, task<T> work, T& answer);
    [[nodiscard]] reply reply_to_interruption() const;

    task<bool> answer_denial();
    task<bool> answer_refusal(bool body_was_read);
    bool abandon();
    [[nodiscard]] bool charge_answer(reply& answer);
    void start_output(const reply& answer, bool keep_alive);
    task<bool> write_answer(const reply& answer, bool keep_alive);
    task<bool> write_stream(const reply& answer, bool keep_alive);
    task<std::optional<std::string>> next_piece(body_stream& from);
    task<bool> write_all(std::string_view head, std::string_view body = std::string_view());
    /// False at the end of the input, on an error, and when interrupted.
    task<bool> read_some();
    task<> linger();

    void enter(phase next, steady_clock::time_point until);
    void enter(phase next, std::chrono::milliseconds limit);
    void limit_to_grace();
    void arm_watchdog();
    void on_watchdog();
    void interrupt(interruption why);
    [[nodiscard]] bool interrupted() const noexcept;
    void start_request();
    void log_request(unsigned status, std::size_t bytes);
    void log_line(unsigned status, std::initializer_list<log_field> fields);
    [[nodiscard]] std::string_view unread() const noexcept;
    void compact();

    session_environment& environment_;
    transport transport_;
    const peer_info peer_;
    const claimant claimant_;
    std::unique_ptr<visitor> visitor_;  // made for the first request that is not open to everybody
    boost::asio::cancellation_signal cancellation_;
    std::string credentials_;                      // what the request has shown, to be checked again while it streams
    boost::asio::cancellation_signal stop_watch_;  // of watch_admission()

    // One timer for every wait of the connection. Its end is moved far more often than it is reached, so the timer is
    // only set again for an end before the one it waits for; otherwise it looks again when it fires.
    boost::asio::steady_timer watchdog_;
    steady_clock::time_point until_ = steady_clock::time_point::max();
    steady_clock::time_point armed_for_ = steady_clock::time_point::max();
    phase phase_ = phase::idle;
    interruption interruption_ = interruption::none;

    // Input: bytes [begin_, end_) are received and not used up. A head and what follows it share the buffer, so no
    // client makes us hold more than one head of what it sends ahead.
    std::vector<char> input_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    head_scanner scanner_;
    chunk_scanner chunks_;
    std::size_t chunks_scanned_ = 0;  ///< of the unread bytes, by chunks_
    message_parser parser_;
    std::string output_;
    std::shared_ptr<fair_budget::share> body_share_;  ///< null while the body is a short one

    // The request being served.
    request request_;
    request_head head_;
    refusal refusal_;    ///< the connection ends with it
    refusal ambiguous_;  ///< a path that is not canonical: told only to those who may ask
    refusal unrouted_;   ///< 404, 405, 415: answered once the body is read
    admission admission_;
    const route* route_ = nullptr;
    std::string_view allow_;
    std::size_t body_limit_ = 0;
    bool keep_alive_ = false;
    bool first_request_ = true;
    bool trusted_ = false;  ///< a request has passed the gate
    bool greeted_ = false;
    const steady_clock::time_point accepted_at_ = steady_clock::now();
    bool linger_ = false;
    bool streamed_ = false;  ///< the answer was a stream
    steady_clock::time_point received_at_;
};

}  // namespace nodescope::http
