// The HTTP/1.1 server: listeners, sessions, framing rules, limits. It knows the table of routes and no collector.
#pragma once

#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/task.hpp"
#include "core/unique_fd.hpp"
#include "server/http/gate.hpp"
#include "server/http/message.hpp"
#include "server/http/route_statistics.hpp"
#include "server/http/traffic.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nodescope::http {

/// Every limit of the HTTP server, with its default; docs/operations.md says which can be set.
struct server_options {
    server_options() = default;
    std::vector<std::string> listen{"127.0.0.1:8095"};  ///< host:port, [v6]:port, unix:/path
    std::vector<std::string> allowed_hosts;             ///< names in Host besides IP literals and localhost
    std::vector<std::string> allowed_origins;           ///< besides the server's own
    std::size_t max_connections = 512;
    std::size_t max_connections_per_peer = 64;  ///< Unix peers are not counted per peer
    std::size_t max_header = 8U << 10U;         ///< bytes
    std::size_t max_body = 4U << 20U;           ///< bytes
    std::size_t max_target = 4U << 10U;         ///< bytes
    std::size_t max_header_fields = 64;
    std::chrono::milliseconds tls_handshake_timeout{5'000};
    std::chrono::milliseconds header_timeout{5'000};
    std::chrono::milliseconds body_timeout{10'000};
    std::chrono::milliseconds idle_timeout{30'000};
    std::chrono::milliseconds write_timeout{30'000};    ///< without progress
    std::chrono::milliseconds request_timeout{30'000};  ///< --timeout-request
};

/// Since the start; for metrics.
struct server_statistics {
    std::uint64_t requests = 0;             ///< answered, refused ones included
    std::uint64_t connections = 0;          ///< accepted and served
    std::uint64_t connections_refused = 0;  ///< closed for a limit: at once, or to make room
    std::uint64_t accept_pauses = 0;        ///< no descriptor or memory for another connection
    std::uint64_t requests_abandoned = 0;   ///< the client went away before the answer
    std::uint64_t handshakes_failed = 0;    ///< TLS: closed before any request
    std::size_t in_flight = 0;              ///< requests whose route is called or streams, now
    std::vector<route_statistics> routes;   ///< one for each row of the table, and a last one for what met none
};

class server {
public:
    virtual ~server() = default;

    /// Takes a listening socket from the service manager, before listen(). failure::invalid as listener::adopt() says,
    /// and for one that other machines can reach. Its other holders keep it: stop() only lets go of our copy.
    virtual result<void> adopt(unique_fd socket) = 0;
    /// Binds and listens on every configured address, or on none of them if there are adopted sockets.
    /// failure::invalid / denied / … names the address. After failure::conflict (somebody else has it) another call
    /// goes on with that one.
    virtual result<void> listen() = 0;
    /// Whether the configured addresses could be listened on, as far as that can be told without binding them.
    [[nodiscard]] virtual result<void> check_addresses() const = 0;
    /// Takes over the limits of connections, the deadlines, and the allowed hosts and origins; a deadline that runs
    /// already keeps its length. The addresses and the sizes must be those it was made with.
    virtual void reconfigure(const server_options& options) = 0;
    /// Accepts until stop(); returns when the last session has ended.
    virtual task<> serve() = 0;
    /// Stops accepting, lets requests under way end until then, and cuts those that have not. On the reactor thread; a
    /// second call may bring the end forward.
    virtual void stop(deadline until) = 0;
    /// The bound addresses ("127.0.0.1:8095"), with the port the kernel chose for :0.
    [[nodiscard]] virtual std::vector<std::string> addresses() const = 0;
    [[nodiscard]] virtual std::size_t connections() const noexcept = 0;
    [[nodiscard]] virtual const server_statistics& statistics() const noexcept = 0;
};

/// `routes` is moved in: it is the only table; 404, 405 and Allow are answered from it. The handlers run on `executor`
/// (one reactor thread) as part of the session: when the client goes away, the deadline passes or the drain ends, they
/// are cancelled (terminal) and awaited. The server must outlive its serve(). Unix sockets never have TLS.
std::unique_ptr<server> make_server(boost::asio::any_io_executor executor, server_options options,
                                    std::vector<route> routes, server_security guards, traffic memory, logger& log);

}  // namespace nodescope::http
