// The TLS side of the client: a context from PEM texts, and what a connection must verify.
#pragma once

#include "collectors/http_client/http_client.hpp"

#include <boost/asio/ssl/context.hpp>

#include <string>

namespace nodescope::http_client {

/// TLS 1.2 or later, peer verified unless the identity takes any certificate. failure::invalid names the text that
/// cannot be read, never its content.
result<boost::asio::ssl::context> make_tls_context(const tls_identity& identity);

/// Sets the name that the peer's certificate must carry: an IP address as IP SAN, anything else as DNS name, which is
/// also sent as SNI. False when OpenSSL refuses it.
bool expect_peer_name(SSL* connection, const std::string& name);

/// Why a handshake failed, e.g. "certificate verify failed (hostname mismatch)".
std::string handshake_failure(SSL* connection, const boost::system::error_code& code);

}  // namespace nodescope::http_client
