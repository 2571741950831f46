#include "server/http/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

namespace nodescope::http {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

iovec to_iovec(std::string_view bytes) noexcept
{
    // sendmsg() does not write to it; the type is shared with recvmsg().
    return {const_cast<char*>(bytes.data()), bytes.size()};
}

/// Takes `sent` bytes off the front; true when nothing is left.
bool take_sent(transport::pieces& parts, std::size_t sent) noexcept
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

transport::pieces transport::to_pieces(std::string_view first, std::string_view second) noexcept
{
    return {to_iovec(first), to_iovec(second)};
}

transport::transport(socket_type socket, tls_context context) : socket_(std::move(socket)), context_(std::move(context))
{
}

transport::~transport() = default;

task<bool> transport::wait_after(int code)
{
    const int reason = SSL_get_error(tls_.get(), code);
    if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) {
        // After a failure of the protocol or of the socket, SSL_shutdown() must not be called (its manual page).
        if (reason != SSL_ERROR_ZERO_RETURN) established_ = false;
        ERR_clear_error();
        co_return false;
    }
    const auto what = reason == SSL_ERROR_WANT_READ ? socket_type::wait_read : socket_type::wait_write;
    auto [failed] = co_await socket_.async_wait(what, as_result);
    co_return !failed;
}

task<std::size_t> transport::read_some(char* to, std::size_t room)
{
    if (!tls_) {
        auto [failed, received] = co_await socket_.async_read_some(asio::buffer(to, room), as_result);
        static_cast<void>(failed);  // nothing received says it all
        co_return received;
    }
    for (bool waited = false;; waited = true) {
        ERR_clear_error();
        std::size_t received = 0;
        const int code = SSL_read_ex(tls_.get(), to, room, &received);
        if (code == 1) {
            // A client that always has more to say must not keep the others from their turn.
            if (!waited) co_await asio::post(socket_.get_executor(), asio::use_awaitable);
            co_return received;
        }
        const bool more = co_await wait_after(code);
        if (!more) co_return 0;
    }
}

transport::progress transport::send_some(pieces& left) { return tls_ ? send_tls(left) : send_plain(left); }

transport::progress transport::send_plain(pieces& left)
{
    for (;;) {
        msghdr message{};
        message.msg_iov = left.data();
        message.msg_iovlen = left.size();
        const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) return take_sent(left, static_cast<std::size_t>(sent)) ? progress::finished : progress::some;
        if (errno == EAGAIN) return progress::blocked;
        if (errno != EINTR) return progress::ended;
    }
}

transport::progress transport::send_tls(pieces& left)
{
    const iovec next = left[0].iov_len > 0 ? left[0] : left[1];
    if (next.iov_len == 0) return progress::finished;
    ERR_clear_error();
    std::size_t sent = 0;
    const int code = SSL_write_ex(tls_.get(), next.iov_base, next.iov_len, &sent);
    if (code == 1) return take_sent(left, sent) ? progress::finished : progress::some;
    const int reason = SSL_get_error(tls_.get(), code);
    wants_read_ = reason == SSL_ERROR_WANT_READ;
    if (wants_read_ || reason == SSL_ERROR_WANT_WRITE) return progress::blocked;
    established_ = false;
    ERR_clear_error();
    return progress::ended;
}

task<bool> transport::wait_until_sendable()
{
    const auto what = std::exchange(wants_read_, false) ? socket_type::wait_read : socket_type::wait_write;
    auto [failed] = co_await socket_.async_wait(what, as_result);
    co_return !failed;
}

bool transport::has_pending_input()
{
    if (tls_ && SSL_has_pending(tls_.get()) == 1) return true;
    char byte = 0;
    return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void transport::end_sending() noexcept
{
    if (std::exchange(established_, false)) {
        // One way: the peer's own close_notify is not waited for.
        SSL_shutdown(tls_.get());
        ERR_clear_error();
    }
    boost::system::error_code ignored;
    socket_.shutdown(socket_type::shutdown_send, ignored);
}

task<bool> transport::discard_some(char* scratch, std::size_t room)
{
    auto [failed, received] = co_await socket_.async_read_some(asio::buffer(scratch, room), as_result);
    static_cast<void>(received);
    co_return !failed;
}

void transport::cancel() noexcept
{
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void transport::abandon() noexcept
{
    established_ = false;
    boost::system::error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
}

void transport::close() noexcept
{
    if (established_) end_sending();
    boost::system::error_code ignored;
    socket_.close(ignored);
}

}  // namespace nodescope::http
