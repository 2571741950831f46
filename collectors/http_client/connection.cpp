#include "collectors/http_client/connection.hpp"

#include "collectors/http_client/failures.hpp"
#include "collectors/http_client/tls.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace nodescope::http_client {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::generic::stream_protocol;
using boost::system::error_code;

namespace {

constexpr auto wait_token = asio::as_tuple(asio::use_awaitable);

/// Blocks for as long as the system's resolver likes: getaddrinfo can neither be cancelled nor bounded.
result<std::vector<asio::ip::address>> blocking_resolve(const std::string& host)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); code != 0) {
        return error(failure::unavailable, fmt::format("resolve {}: {}", host, ::gai_strerror(code)));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
    std::vector<asio::ip::address> addresses;
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
        asio::ip::tcp::endpoint found;
        if (one->ai_addrlen > found.capacity()) continue;
        std::memcpy(found.data(), one->ai_addr, one->ai_addrlen);
        addresses.push_back(found.address());
    }
    return addresses;
}

/// By hand: Asio 1.81 takes the EAGAIN of a full accept queue for "in progress" and reports success; the first write
/// then fails with ENOTCONN. connect() on a non-blocking Unix socket never waits. Empty on failure, with errno set.
unique_fd connect_unix(const std::string& path) noexcept
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return {};
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    unique_fd descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // unix(7): the address is a sockaddr of any family to the call.
    const auto* const to = reinterpret_cast<const sockaddr*>(&address);
    if (!descriptor || ::connect(descriptor.get(), to, sizeof(address)) == 0) return descriptor;
    const int reason = errno;
    descriptor.reset();
    errno = reason;
    return descriptor;
}

}  // namespace

class connector::socket_connection : public connection {
public:
    explicit socket_connection(const asio::any_io_executor& executor) : stream(executor) {}

    task<transferred> read_some(asio::mutable_buffer to) override { return stream.async_read_some(to, wait_token); }
    task<transferred> write_some(asio::const_buffer from) override { return stream.async_write_some(from, wait_token); }
    std::size_t send_now(std::string_view bytes) noexcept override
    {
        const ssize_t sent = ::send(descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        return sent > 0 ? static_cast<std::size_t>(sent) : 0;
    }
    void expires_at(steady_clock::time_point when) override { stream.expires_at(when); }
    void expires_never() override { stream.expires_never(); }
    [[nodiscard]] int descriptor() noexcept override { return stream.socket().native_handle(); }

    virtual task<maybe_failure> greet(deadline) { co_return std::nullopt; }

    beast::basic_stream<stream_protocol> stream;
};

class connector::tls_connection final : public socket_connection {
public:
    tls_connection(const asio::any_io_executor& executor, tls_side& side)
        : socket_connection(executor), name_(side.name), tls_(stream, side.context)
    {
    }

    task<transferred> read_some(asio::mutable_buffer to) override { return tls_.async_read_some(to, wait_token); }
    task<transferred> write_some(asio::const_buffer from) override { return tls_.async_write_some(from, wait_token); }
    std::size_t send_now(std::string_view) noexcept override { return 0; }

    task<maybe_failure> greet(deadline limit) override
    {
        if (!expect_peer_name(tls_.native_handle(), name_)) {
            co_return round_trip_failure(phase::tls_handshake, failure::invalid, 0, "the server name cannot be one");
        }
        const auto [code] = co_await tls_.async_handshake(asio::ssl::stream_base::client, wait_token);
        if (!code) co_return std::nullopt;
        if (code == beast::error::timeout) co_return timed_out_in(phase::tls_handshake, limit);
        auto why = failed_in(phase::tls_handshake, code, limit);
        if (why.kind != failure::cancelled) {
            why.message = fmt::format("TLS handshake: {}", handshake_failure(tls_.native_handle(), code));
        }
        co_return why;
    }

private:
    const std::string& name_;
    asio::ssl::stream<beast::basic_stream<stream_protocol>&> tls_;
};

connector::connector(asio::any_io_executor executor, endpoint to, std::optional<tls_side> tls, const options& how)
    : executor_(std::move(executor)),
      to_(std::move(to)),
      tls_(std::move(tls)),
      check_(how.check),
      socket_(how.socket),
      what_("resolve " + to_.host)
{
    if (to_.kind == endpoint::transport::unix_socket) return;
    error_code not_an_address;
    const auto literal = asio::ip::make_address(to_.host, not_an_address);
    if (!not_an_address) literal_.push_back(literal);
    else names_ = std::make_unique<worker_pool>(1, 4);
}

std::unique_ptr<connector::socket_connection> connector::make()
{
    if (tls_) return std::make_unique<tls_connection>(executor_, *tls_);
    return std::make_unique<socket_connection>(executor_);
}

task<opened_connection> connector::open(deadline limit)
{
    opened_connection end;
    auto fresh = make();
    fresh->expires_at(limit.at());
    auto failed = co_await dial(*fresh, limit);
    if (!failed && check_) {
        const auto sound = check_(fresh->descriptor());
        if (!sound) failed.emplace(phase::connect, sound.error().kind(), 0, sound.error().message());
    }
    fresh->expires_at(limit.at());  // dialling gives each address its part
    if (!failed) failed = co_await fresh->greet(limit);
    if (failed) end.why = std::move(*failed);
    else end.made = std::move(fresh);
    co_return end;
}

task<connector::maybe_failure> connector::dial(socket_connection& fresh, deadline limit)
{
    if (to_.kind == endpoint::transport::unix_socket) co_return co_await dial_unix(fresh, limit);
    address_list addresses = literal_;
    if (names_) {
        const auto look_up = [host = to_.host](const abandon_flag&) { return blocking_resolve(host); };
        auto found = co_await names_->run(what_, limit, look_up);
        if (!found && found.error().kind() == failure::timed_out) co_return timed_out_in(phase::resolve, limit);
        if (!found) co_return round_trip_failure(phase::resolve, found.error().kind(), 0, found.error().message());
        addresses = std::move(*found);
    }
    co_return co_await dial_tcp(fresh, std::move(addresses), limit);
}

task<connector::maybe_failure> connector::dial_unix(socket_connection& fresh, deadline limit)
{
    const auto executor = co_await asio::this_coro::executor;
    auto pause = std::chrono::milliseconds(10);
    for (;;) {
        unique_fd descriptor = connect_unix(to_.path);
        const int reason = errno;
        if (descriptor) {
            error_code code;
            fresh.stream.socket().assign(stream_protocol(AF_UNIX, 0), descriptor.get(), code);
            if (code) co_return failed_in(phase::connect, code, limit);
            static_cast<void>(descriptor.release());
            co_return std::nullopt;
        }
        // EAGAIN: the accept queue is full (unix(7)). It empties when the peer accepts, which nothing announces.
        if (reason != EAGAIN) {
            const error_code code(reason, boost::system::system_category());
            co_return failed_in(phase::connect, code, limit);
        }
        if (limit.remaining() <= pause) co_return timed_out_in(phase::connect, limit);
        asio::steady_timer timer(executor, pause);
        const auto [timer_error] = co_await timer.async_wait(wait_token);
        if (timer_error) co_return failed_in(phase::connect, timer_error, limit);
        pause = std::min(pause * 2, std::chrono::milliseconds(100));
    }
}

/// Does nothing where each connection makes its own socket.
connector::maybe_failure connector::take_socket(socket_connection& fresh, const asio::ip::address& address,
                                                deadline limit)
{
    if (!socket_) return std::nullopt;
    error_code code;
    const stream_protocol protocol(address.is_v4() ? AF_INET : AF_INET6, IPPROTO_TCP);
    // Empty after the first connection: the kernel then refuses it.
    fresh.stream.socket().assign(protocol, socket_->get(), code);
    if (code) return failed_in(phase::connect, code, limit);
    static_cast<void>(socket_->release());
    return std::nullopt;
}

/// Each address gets its part of the time that is left, so that one that swallows packets does not use it all.
task<connector::maybe_failure> connector::dial_tcp(socket_connection& fresh, address_list addresses, deadline limit)
{
    maybe_failure why;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const auto share = limit.remaining() / static_cast<std::int64_t>(addresses.size() - i);
        fresh.stream.expires_after(share);
        const asio::ip::tcp::endpoint to(addresses[i], to_.port);
        if (auto refused = take_socket(fresh, addresses[i], limit)) co_return refused;
        const auto [code] = co_await fresh.stream.async_connect(stream_protocol::endpoint(to), wait_token);
        if (!code) {
            error_code ignored;
            fresh.stream.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
            co_return std::nullopt;
        }
        why = failed_in(phase::connect, code, limit);
        if (why->kind == failure::cancelled) co_return why;
        fresh.stream.close();
    }
    if (!why) why.emplace(phase::resolve, failure::unavailable, 0, what_ + ": no address");
    co_return why;
}

}  // namespace nodescope::http_client
