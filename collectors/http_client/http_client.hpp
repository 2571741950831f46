// The one HTTP/1.1 client: a round trip over a Unix socket, TCP or TLS, under a deadline, with a pool of idle
// connections. It knows neither Docker nor Kubernetes. Boost.Beast stays in the .cpp file.
#pragma once

#include "core/deadline.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"
#include "core/unique_fd.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::http_client {

/// Where the peer is. `path` for a Unix socket; `host` (name or IP literal, no brackets) and `port` otherwise.
struct endpoint {
    enum class transport { unix_socket, tcp, tls };
    endpoint(transport t, std::string p, std::string h, std::uint16_t n)
        : kind(t), path(std::move(p)), host(std::move(h)), port(n)
    {
    }
    transport kind;
    std::string path;
    std::string host;
    std::uint16_t port;
};

/// A server as people write it: where it is, and what stands before every path.
struct server_address {
    server_address(endpoint where, std::string base, std::string written)
        : to(std::move(where)), base_path(std::move(base)), text(std::move(written))
    {
    }
    endpoint to;
    std::string base_path;  ///< "" or "/k8s/clusters/c1", without a slash at the end
    std::string text;       ///< for sentences: "https://10.0.0.1:443/base"

    /// The Host field: "10.0.0.1:443", "[fd00::1]:6443"; "localhost" for a Unix socket.
    [[nodiscard]] std::string authority() const;
    [[nodiscard]] bool is_loopback() const;
};

/// `authority` is parse_host_and_port()'s text. Without a port it is `default_port`, and with 0 there has to be one.
/// failure::invalid with a clause that says what is wrong.
result<server_address> parse_server(endpoint::transport kind, std::string_view scheme, std::string_view authority,
                                    std::uint16_t default_port, std::string base_path = {});

/// PEM texts. The peer is verified: its chain against `ca_pem` (the system's store when empty) and the certificate's
/// name against `server_name` (the endpoint's host when empty; IP literals are matched as IP SANs).
struct tls_identity {
    tls_identity() = default;
    std::string ca_pem;
    std::string certificate_pem;
    std::string key_pem;
    std::string server_name;
    /// Nothing is verified. For a process that asks its own address, where no secret is sent.
    bool takes_any_certificate = false;
};

/// What is kept of a body, told piece by piece as it arrives.
class body_sieve {
public:
    body_sieve() = default;
    body_sieve(const body_sieve&) = delete;
    body_sieve& operator=(const body_sieve&) = delete;
    virtual ~body_sieve() = default;
    /// Appends to `kept`, or takes back of it what was appended.
    virtual void take(std::string_view piece, std::string& kept) = 0;
};

struct request {
    request(std::string m, std::string t) : method(std::move(m)), target(std::move(t)) {}
    std::string method;  ///< GET, HEAD or POST
    std::string target;  ///< origin form, already percent-encoded
    std::string host = "localhost";
    std::vector<std::pair<std::string, std::string>> headers;  ///< never logged: may hold credentials
    std::string body;
    std::size_t body_limit = 32U << 20U;  ///< longest answer taken, in bytes
    std::shared_ptr<body_sieve> sieve;    ///< null: the body is kept as it is
    std::size_t kept_limit = body_limit;  ///< of what the sieve keeps, in bytes
    /// Where an answer waits for its place once more than `free_bytes` of it are kept, so that long ones arrive one
    /// after the other. Null: nowhere.
    std::shared_ptr<slot_pool> places;
    std::size_t free_bytes = 256U << 10U;
};

struct response {
    response() = default;
    unsigned status = 0;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
    std::shared_ptr<const slot_pool::slot> place;              ///< of a long body; to be held as long as that
    /// The first value of a header given in lower case; empty when absent.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

/// Why a round trip did not end in a response.
enum class phase { resolve, connect, tls_handshake, send, header, body };
std::string_view to_string(phase value) noexcept;

struct options {
    options() = default;
    std::size_t idle_limit = 8;  ///< connections
    std::chrono::seconds idle_lifetime{30};
    /// Looks at each new connection before a byte is sent over it; an error ends the round trip. May block only in a
    /// process that does nothing else.
    std::function<result<void>(int descriptor)> check;
    /// A TCP socket of the endpoint's family to connect with, made elsewhere, as in another network namespace. The
    /// first connection takes it, and there is no second. Null: each connection makes its own.
    std::shared_ptr<unique_fd> socket;
};

/// A round trip that failed. `message` is one clause without the endpoint ("connect: Connection refused",
/// "no response header within 10s"); the API client above puts its own sentence around it.
struct round_trip_failure {
    round_trip_failure() = default;
    round_trip_failure(phase p, failure k, int e, std::string m)
        : where(p), kind(k), error_number(e), message(std::move(m))
    {
    }
    phase where = phase::connect;
    failure kind = failure::internal;
    int error_number = 0;  ///< errno when there was one
    std::string message;
};

/// Either a response or why there is none.
struct outcome {
    outcome() = default;
    std::optional<response> answer;
    round_trip_failure why;
};

class client {
public:
    virtual ~client() = default;

    /// One request and its whole answer within `limit`. A GET or HEAD on a pooled connection that turns out closed
    /// before any byte of the answer is repeated once on a fresh one. Redirects are answers like any other. After an
    /// error or a cancellation the connection is closed, never pooled.
    virtual task<outcome> round_trip(request call, deadline limit) = 0;

    /// Closes the idle connections (after a change of credentials).
    virtual void drop_idle() = 0;
};

/// `identity` is for endpoint::transport::tls. failure::invalid when one of its PEM texts cannot be read.
result<std::unique_ptr<client>> make_client(boost::asio::any_io_executor executor, endpoint to,
                                            const tls_identity& identity, options how);

}  // namespace nodescope::http_client
