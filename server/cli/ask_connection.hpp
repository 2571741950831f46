// The connection of `nodescope ask`: a socket, with TLS around it where the address says so. Blocking.
#pragma once

#include "core/error.hpp"
#include "core/unique_fd.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <sys/types.h>

struct ssl_st;
struct ssl_ctx_st;

namespace nodescope::cli {

/// A URL in its parts. `host` is a Unix socket's path when `unix_socket` is set.
struct server_address {
    bool tls = false;
    bool unix_socket = false;
    std::string host;
    std::string port;
    std::string authority;  ///< for the Host header
};

/// "http://host:port", "https://host:port" or "unix:/path"; failure::invalid for anything else.
result<server_address> parse_server(std::string_view text);

/// Whom to trust, and who we are. Paths of PEM files; empty: the server is not verified, we are nobody.
struct client_identity {
    client_identity() = default;
    std::string ca_file;
    std::string certificate_file;
    std::string key_file;
};

class ask_connection {
public:
    /// failure::unavailable names the phase: address, connect, handshake. With a ca_file, the server's certificate must
    /// be signed by it and carry the host's name or address.
    static result<ask_connection> open(const server_address& server, const client_identity& identity);

    /// Bytes read, 0 at the end. What a peer cuts off without a word ends it, too; what it refuses by TLS is an error.
    result<std::size_t> read(char* to, std::size_t size);
    result<void> write(std::string_view text);

private:
    explicit ask_connection(unique_fd socket);
    error why_closed();
    result<void> shake_hands(const server_address& server, const client_identity& identity);

    unique_fd socket_;
    std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;
    std::unique_ptr<ssl_st, void (*)(ssl_st*)> tls_;
};

}  // namespace nodescope::cli
