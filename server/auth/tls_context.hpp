// The server's side of TLS: a context from PEM texts, and who a client's certificate says it is.
#pragma once

#include "core/error.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct ssl_st;
struct ssl_ctx_st;

namespace nodescope::auth {

using tls_context = std::shared_ptr<ssl_ctx_st>;

struct tls_texts {
    tls_texts() = default;
    std::string certificate_pem;  ///< the chain, the server's own first
    std::string key_pem;
    std::string client_ca_pem;  ///< empty: clients are not asked for certificates
};

/// TLS 1.2 or later, no ALPN, no resumption (the client of a resumed session was verified by rules that may have
/// changed since). With a client CA, clients may show a certificate, and a connection whose certificate is not
/// signed by it ends in the handshake. failure::invalid names the text that cannot be used, never what it holds.
result<tls_context> make_server_context(const tls_texts& texts);

/// Subject CN and alternative names (DNS, IP, URI, mail) of the client's certificate, if it has one that verifies with
/// the CA of `trust`, which may be newer than the one the connection was made with; else empty.
std::vector<std::string> verified_names(const ssl_st* connection, ssl_ctx_st* trust);

/// When the certificate that is served expires; nothing when `context` has none.
std::optional<std::chrono::system_clock::time_point> certificate_expiry(const ssl_ctx_st* context);

}  // namespace nodescope::auth
