// The handshake of TLS: the reactor reads and sends whole records, and what is between them is computed elsewhere, on
// memory alone. So a step that nobody waits for any more holds no socket.
#include "server/http/transport.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <cstddef>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

namespace nodescope::http {

namespace asio = boost::asio;

namespace {

constexpr auto with_failure = asio::as_tuple(asio::use_awaitable);

constexpr std::string_view no_memory = "OpenSSL has no memory for another connection";

/// Type, version and length (RFC 8446, 5.1).
constexpr std::size_t record_header = 5;
/// Of what follows the header, in TLS 1.2 (RFC 5246, 6.2.3), which lets more pass than TLS 1.3.
constexpr std::size_t longest_record = (1U << 14U) + 2048;

/// How much of a record is still to come behind its header. None when that is no header of a record: OpenSSL, which
/// gets the bytes in any case, knows what is wrong.
std::size_t length_behind(std::string_view header) noexcept
{
    constexpr unsigned char first_type = 20;
    constexpr unsigned char last_type = 23;
    constexpr unsigned char major_version = 3;
    const auto byte = [header](std::size_t at) { return static_cast<unsigned char>(header[at]); };
    if (byte(0) < first_type || byte(0) > last_type || byte(1) != major_version) return 0;
    const std::size_t length = (static_cast<std::size_t>(byte(3)) << 8U) | byte(4);
    return length <= longest_record ? length : 0;
}

}  // namespace

struct transport::handshake_state {
    handshake_state() = default;
    const char* phase = "waiting for the client";
};

task<bool> transport::handshake(handshake_line& line, const peer_info& peer, deadline limit)
{
    if (!context_) co_return true;
    handshake_state state;
    established_ = co_await shake_hands(line, peer, limit, state);
    if (!established_ && failure_.empty() && limit.passed()) {
        failure_ = fmt::format("not finished within {}: {}", duration_text(limit.limit()), state.phase);
    }
    co_return established_;
}

bool transport::start_tls()
{
    tls_.reset(SSL_new(context_.get()), SSL_free);
    BIO* const in = BIO_new(BIO_s_mem());
    BIO* const out = BIO_new(BIO_s_mem());
    if (!tls_ || in == nullptr || out == nullptr) {
        BIO_free(in);
        BIO_free(out);
        failure_ = no_memory;
        return false;
    }
    SSL_set_bio(tls_.get(), in, out);  // which owns them from here on
    return true;
}

task<bool> transport::shake_hands(handshake_line& line, const peer_info& peer, deadline limit, handshake_state& state)
{
    std::string record;
    for (;;) {
        state.phase = "waiting for the client";
        const bool received = co_await read_record(record);
        if (!received) co_return false;
        // Not before: of most connections in a flood nothing comes.
        if (!tls_ && !start_tls()) co_return false;
        const int taken = BIO_write(SSL_get_rbio(tls_.get()), record.data(), static_cast<int>(record.size()));
        if (taken != static_cast<int>(record.size())) {
            failure_ = no_memory;
            co_return false;
        }
        state.phase = "waiting for its turn";
        auto stepping = line.take_step(peer, tls_, limit);
        const auto step = co_await std::move(stepping);
        if (!step) {
            // What was late is told by the phase, and who was cancelled knows why.
            if (step.error().kind() == failure::overloaded) failure_ = step.error().message();
            co_return false;
        }
        state.phase = "sending";
        const bool sent = co_await send_flight();
        if (step->reason == SSL_ERROR_NONE && sent) break;
        if (!sent) co_return false;
        if (step->reason != SSL_ERROR_WANT_READ) {
            failure_ = step->failure;
            co_return false;
        }
    }
    // One record at a time has been read, so nothing of what follows the handshake is left in memory.
    if (BIO_ctrl_pending(SSL_get_rbio(tls_.get())) > 0) {
        failure_ = "bytes that are no record";
        co_return false;
    }
    if (SSL_set_fd(tls_.get(), socket_.native_handle()) != 1) {
        failure_ = no_memory;
        co_return false;
    }
    co_return true;
}

/// False at the end of the input, on an error and when it is cancelled.
task<bool> transport::read_record(std::string& record)
{
    record.assign(record_header, '\0');
    std::size_t have = 0;
    while (have < record.size()) {
        auto [failed, received] =
            co_await socket_.async_read_some(asio::buffer(record.data() + have, record.size() - have), with_failure);
        if (failed) co_return false;
        have += received;
        if (have == record_header && record.size() == record_header) {
            record.resize(record_header + length_behind(record));
        }
    }
    co_return true;
}

/// What OpenSSL has written to memory.
task<bool> transport::send_flight()
{
    char* bytes = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(SSL_get_wbio(tls_.get()), &bytes));
    std::string_view left(bytes, size);
    while (!left.empty()) {
        const ssize_t sent = ::send(socket_.native_handle(), left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            left.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) co_return false;
        auto [failed] = co_await socket_.async_wait(socket_type::wait_write, with_failure);
        if (failed) co_return false;
    }
    static_cast<void>(BIO_reset(SSL_get_wbio(tls_.get())));
    co_return true;
}

}  // namespace nodescope::http
