// A connection of the client, and who opens them. Beast's stream and Asio's TLS stay in the .cpp file: whoever uses a
// connection is compiled once, for all kinds of them.
#pragma once

#include "collectors/http_client/http_client.hpp"
#include "core/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace nodescope::http_client {

/// A Unix or TCP socket, with TLS around it or not. The expiry is the only timer of a round trip. Destroying a
/// connection closes it.
class connection {
public:
    using transferred = std::tuple<boost::system::error_code, std::size_t>;

    connection() = default;
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    virtual ~connection() = default;

    virtual task<transferred> read_some(boost::asio::mutable_buffer to) = 0;
    virtual task<transferred> write_some(boost::asio::const_buffer from) = 0;
    /// What the socket takes at once. A small request nearly always fits, and a plain call saves a turn of the reactor
    /// and a timer. Errors are left to write_some(), which comes upon them again.
    virtual std::size_t send_now(std::string_view bytes) noexcept = 0;
    virtual void expires_at(steady_clock::time_point when) = 0;
    virtual void expires_never() = 0;
    [[nodiscard]] virtual int descriptor() noexcept = 0;
};

/// What a TLS connection is made with: `name` is what the peer's certificate must carry.
struct tls_side {
    tls_side(boost::asio::ssl::context c, std::string n) : context(std::move(c)), name(std::move(n)) {}
    boost::asio::ssl::context context;
    std::string name;
};

/// A connection, or why there is none.
struct opened_connection {
    opened_connection() = default;
    std::unique_ptr<connection> made;
    round_trip_failure why;
};

/// Opens connections to one endpoint. A host name is looked up on a thread of its own that is made at start-up: a stuck
/// lookup is abandoned at the deadline and holds up nothing but the next lookup.
class connector {
public:
    connector(boost::asio::any_io_executor executor, endpoint to, std::optional<tls_side> tls, const options& how = {});

    /// Connects and shakes hands. The connection expires at `limit`.
    task<opened_connection> open(deadline limit);

private:
    class socket_connection;
    class tls_connection;
    using maybe_failure = std::optional<round_trip_failure>;
    using address_list = std::vector<boost::asio::ip::address>;

    [[nodiscard]] std::unique_ptr<socket_connection> make();
    task<maybe_failure> dial(socket_connection& fresh, deadline limit);
    task<maybe_failure> dial_unix(socket_connection& fresh, deadline limit);
    maybe_failure take_socket(socket_connection& fresh, const boost::asio::ip::address& address, deadline limit);
    task<maybe_failure> dial_tcp(socket_connection& fresh, address_list addresses, deadline limit);

    boost::asio::any_io_executor executor_;
    endpoint to_;
    std::optional<tls_side> tls_;
    const std::function<result<void>(int descriptor)> check_;  // of options, as is the next
    const std::shared_ptr<unique_fd> socket_;
    std::string what_;
    address_list literal_;
    std::unique_ptr<worker_pool> names_;
};

}  // namespace nodescope::http_client
