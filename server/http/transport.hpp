// The bytes of one connection, in the clear or through TLS. OpenSSL works on the socket itself: where it would block,
// the coroutine waits for the socket as it does without TLS. Only during the handshake it works on memory, and
// elsewhere (handshake_line). Reactor thread only.
#pragma once

#include "core/deadline.hpp"
#include "core/task.hpp"
#include "server/http/gate.hpp"
#include "server/http/handshake_line.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <sys/uio.h>

struct ssl_st;
struct ssl_ctx_st;

namespace nodescope::http {

class transport {
public:
    using socket_type = boost::asio::generic::stream_protocol::socket;
    using tls_context = std::shared_ptr<ssl_ctx_st>;
    /// Two pieces, so that a long body need not be copied behind its head.
    using pieces = std::array<iovec, 2>;
    static pieces to_pieces(std::string_view first, std::string_view second) noexcept;

    /// `context` null: no TLS.
    transport(socket_type socket, tls_context context);
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;
    ~transport();

    /// To be awaited once, before anything is read. False when there is no connection to go on with. The steps are
    /// taken in `line`, as those of `peer`; both outlive the task. It can be cancelled, and may throw for it; nothing
    /// but close() is to be called after that.
    task<bool> handshake(handshake_line& line, const peer_info& peer, deadline limit);
    /// Why handshake() was false, when the peer has not just gone away. After `limit`: in which phase it was.
    [[nodiscard]] const std::string& handshake_failure() const noexcept { return failure_; }

    /// 0 at the end of the input, on an error, and after cancel().
    task<std::size_t> read_some(char* to, std::size_t room);

    enum class progress { finished, some, blocked, ended };
    /// Sends what the socket takes without waiting, and takes it off `left`.
    progress send_some(pieces& left);
    /// After progress::blocked. False on an error and after cancel().
    task<bool> wait_until_sendable();

    /// True when a read would give something now. Through TLS: perhaps.
    [[nodiscard]] bool has_pending_input();
    /// Tells the peer that nothing more is coming.
    void end_sending() noexcept;
    /// What still comes in is dropped, without being understood. False at its end.
    task<bool> discard_some(char* scratch, std::size_t room);

    /// Ends the wait under way.
    void cancel() noexcept;
    void close() noexcept;
    /// As close(), and the kernel forgets what it has not sent: nobody reads it.
    void abandon() noexcept;

    [[nodiscard]] int descriptor() { return socket_.native_handle(); }
    [[nodiscard]] const ssl_st* tls() const noexcept { return tls_.get(); }
    /// Whether this connection was made with another certificate than `current`.
    [[nodiscard]] bool outdated(const tls_context& current) const noexcept { return tls_ && context_ != current; }
    [[nodiscard]] auto get_executor() { return socket_.get_executor(); }

private:
    /// What the handshake waits for, in the words of its failure.
    struct handshake_state;
    task<bool> shake_hands(handshake_line& line, const peer_info& peer, deadline limit, handshake_state& state);
    [[nodiscard]] bool start_tls();
    task<bool> read_record(std::string& record);
    task<bool> send_flight();
    /// What OpenSSL waits for after it returned `code`; false: nothing, the connection is over.
    task<bool> wait_after(int code);
    progress send_plain(pieces& left);
    progress send_tls(pieces& left);

    socket_type socket_;
    tls_context context_;
    std::shared_ptr<ssl_st> tls_;  ///< shared with a step of the handshake that nobody waits for any more
    bool established_ = false;     ///< the handshake is over and nothing has failed since: close_notify may be sent
    bool wants_read_ = false;      ///< a send waits for the peer's bytes (a TLS 1.3 key update)
    std::string failure_;
};

}  // namespace nodescope::http
