#include "collectors/http_client/tls.hpp"

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace nodescope::http_client {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

error unreadable(std::string_view what, const error_code& code)
{
    return error(failure::invalid, fmt::format("TLS: the {} cannot be read: {}", what, code.message()));
}

}  // namespace

result<asio::ssl::context> make_tls_context(const tls_identity& identity)
{
    asio::ssl::context context(asio::ssl::context::tls_client);
    error_code code;
    if (SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION) != 1) {
        return error(failure::internal, "TLS: OpenSSL knows no TLS 1.2");
    }
    if (identity.ca_pem.empty()) {
        context.set_default_verify_paths(code);
        if (code) return unreadable("system's certificate store", code);
    } else {
        context.add_certificate_authority(asio::buffer(identity.ca_pem), code);
        if (code) return unreadable("CA bundle", code);
    }
    if (identity.certificate_pem.empty() != identity.key_pem.empty()) {
        return error(failure::invalid, "TLS: a client certificate needs its key, and a key its certificate");
    }
    if (!identity.certificate_pem.empty()) {
        context.use_certificate_chain(asio::buffer(identity.certificate_pem), code);
        if (code) return unreadable("client certificate", code);
        context.use_private_key(asio::buffer(identity.key_pem), asio::ssl::context::pem, code);
        if (code) return unreadable("client key", code);
        if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
            ERR_clear_error();
            return error(failure::invalid, "TLS: the client key does not belong to the client certificate");
        }
    }
    context.set_verify_mode(identity.takes_any_certificate ? asio::ssl::verify_none : asio::ssl::verify_peer, code);
    if (code) return error(failure::internal, "TLS: OpenSSL refuses how the peer is to be verified");
    // A peer that ends the answer without close_notify has cut it as far as we can know; Asio reports that by itself.
    return context;
}

bool expect_peer_name(SSL* connection, const std::string& name)
{
    error_code not_an_address;
    asio::ip::make_address(name, not_an_address);
    if (!not_an_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), name.c_str()) == 1;
    SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    // SSL_set_tlsext_host_name() is a macro with an old-style cast; this is what it stands for (ssl/tls1.h).
    std::string sni = name;
    return SSL_set1_host(connection, name.c_str()) == 1 &&
           SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, sni.data()) == 1;
}

std::string handshake_failure(SSL* connection, const error_code& code)
{
    const bool verified = SSL_get_verify_mode(connection) != SSL_VERIFY_NONE;
    if (const long found = SSL_get_verify_result(connection); verified && found != X509_V_OK) {
        return fmt::format("certificate verify failed ({})", X509_verify_cert_error_string(found));
    }
    return code.message();
}

}  // namespace nodescope::http_client
