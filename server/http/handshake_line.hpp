// TLS handshakes in turn. Each of their steps may cost an operation with the private key (RSA with 4096 bits: several
// milliseconds), and whoever sends a ClientHello gets it done. So they are computed on a thread of their own,
// one step at a time, and who comes often waits for itself. Reactor thread only.
#pragma once

#include "core/deadline.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"
#include "core/turns.hpp"
#include "core/worker_pool.hpp"
#include "server/http/gate.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

struct ssl_st;

namespace nodescope::http {

class handshake_line {
public:
    /// What SSL_accept() and SSL_get_error() said.
    struct step {
        step() = default;
        int reason = 0;                 ///< SSL_ERROR_NONE: the handshake is over
        std::string failure;            ///< what OpenSSL says of SSL_ERROR_SSL
        steady_clock::duration took{};  ///< of the processor
    };

    /// Takes one step of `connection`, which reads and writes memory alone and is used by nobody else meanwhile. Of one
    /// caller (caller_key()) one step is in line or being computed, the others wait behind it: so callers have their
    /// turn one after the other, however many connections each has. Callers that are admitted, others on this machine,
    /// and those of the network each have a line. The last two take turns, with a rest after each step, so that all
    /// strangers together get half of one core; those that are admitted wait for one step of a stranger at most.
    /// failure::overloaded when `callers_limit` are in line already; failure::timed_out and failure::cancelled as of
    /// the waits. After a failure a step that has begun goes on: `connection` is not to be used again.
    task<result<step>> take_step(const peer_info& peer, std::shared_ptr<ssl_st> connection, deadline limit);

    /// Callers in one line. That many steps of RSA with 4096 bits take a quarter of a second (ten times as long on a
    /// slow processor): whoever is let in line is also served before its handshake's time is over.
    static constexpr std::size_t callers_limit = 64;
    /// Of one caller: as many as it may have connections by default.
    static constexpr std::size_t steps_limit = 64;
    /// After a step of a stranger: as many times as long as it has taken of the processor.
    static constexpr int rest_factor = 1;
    static constexpr std::chrono::milliseconds longest_rest{50};

private:
    enum lane : std::size_t { admitted, local, network };
    [[nodiscard]] static lane lane_of(const peer_info& peer);
    [[nodiscard]] static std::string key_of(const peer_info& peer, lane in);
    task<result<step>> take_step_of_stranger(std::shared_ptr<ssl_st> connection, deadline limit);
    task<result<step>> compute(std::shared_ptr<ssl_st> connection, deadline limit);

    turns_by_key callers_{"TLS handshake", steps_limit};
    std::array<slot_pool, 3> lanes_{slot_pool("TLS handshakes of those who may ask", 1, callers_limit),
                                    slot_pool("TLS handshakes of this machine", 1, callers_limit),
                                    slot_pool("TLS handshakes of the network", 1, callers_limit)};
    slot_pool strangers_{"TLS handshakes of strangers", 1, lanes_.size()};
    steady_clock::time_point rests_until_;  ///< of strangers
    /// A thread of its own: those that look up who connects and check passwords must not wait for it.
    worker_pool worker_{1};
};

}  // namespace nodescope::http
