#include "server/auth/tls_context.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <string_view>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace nodescope::auth {

namespace {

template <auto Free>
struct freer {
    template <class T>
    void operator()(T* object) const noexcept
    {
        Free(object);
    }
};
using bio = std::unique_ptr<BIO, freer<BIO_free>>;
using certificate = std::unique_ptr<X509, freer<X509_free>>;
using private_key = std::unique_ptr<EVP_PKEY, freer<EVP_PKEY_free>>;
using verification = std::unique_ptr<X509_STORE_CTX, freer<X509_STORE_CTX_free>>;
using alternative_names = std::unique_ptr<GENERAL_NAMES, freer<GENERAL_NAMES_free>>;

bio reader_of(const std::string& text) { return bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

certificate next_certificate(const bio& from)
{
    return certificate(PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr));
}

error unusable(std::string_view what)
{
    const unsigned long first = ERR_peek_error();
    const char* const reason = first == 0 ? nullptr : ERR_reason_error_string(first);
    ERR_clear_error();
    return error(failure::invalid,
                 fmt::format("TLS: the {} cannot be used: {}", what,
                             reason == nullptr ? "it holds nothing of the kind in PEM form" : reason));
}

/// A key with a passphrase would make OpenSSL ask for it on the terminal.
int no_passphrase(char*, int, int, void*) noexcept { return 0; }

result<void> use_certificate(SSL_CTX* context, const std::string& pem)
{
    const bio text = reader_of(pem);
    const certificate own = next_certificate(text);
    if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) return unusable("server certificate");
    while (certificate signer = next_certificate(text)) {
        if (SSL_CTX_add0_chain_cert(context, signer.get()) != 1) return unusable("certificate chain");
        static_cast<void>(signer.release());
    }
    ERR_clear_error();  // the end of the file is an error of PEM_read
    return {};
}

result<void> use_key(SSL_CTX* context, const std::string& pem)
{
    const bio text = reader_of(pem);
    const private_key key(PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, nullptr));
    if (!key) return unusable("server key");
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
        ERR_clear_error();
        return error(failure::invalid, "TLS: the server key does not belong to the server certificate");
    }
    return {};
}

result<void> use_client_authority(SSL_CTX* context, const std::string& pem)
{
    const bio text = reader_of(pem);
    std::size_t count = 0;
    while (const certificate authority = next_certificate(text)) {
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) != 1 ||
            SSL_CTX_add_client_CA(context, authority.get()) != 1) {
            return unusable("client CA bundle");
        }
        ++count;
    }
    if (count == 0) return unusable("client CA bundle");
    ERR_clear_error();
    // Not SSL_VERIFY_FAIL_IF_NO_PEER_CERT: health is open to everybody, and others are told what they lack.
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    return {};
}

void add_name(std::vector<std::string>& names, const unsigned char* bytes, int length)
{
    const std::string text(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
    // "good.example\0.evil.example" is not a name.
    if (!text.empty() && text.find('\0') == std::string::npos) names.push_back(text);
}

void add_common_names(std::vector<std::string>& names, X509* of)
{
    X509_NAME* const subject = X509_get_subject_name(of);
    for (int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1); at >= 0;
         at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) {
        unsigned char* utf8 = nullptr;
        const int length = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
        if (length < 0) continue;
        add_name(names, utf8, length);
        OPENSSL_free(utf8);
    }
}

void add_address(std::vector<std::string>& names, const ASN1_STRING* from)
{
    const int length = ASN1_STRING_length(from);
    if (length != 4 && length != 16) return;
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(from), text.data(), text.size());
    names.emplace_back(text.data());
}

void add_alternative_names(std::vector<std::string>& names, X509* of)
{
    const alternative_names all(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(of, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
        int kind = 0;
        const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all.get(), i), &kind);
        const auto* const text = static_cast<const ASN1_STRING*>(value);
        if (kind == GEN_DNS || kind == GEN_URI || kind == GEN_EMAIL) {
            add_name(names, ASN1_STRING_get0_data(text), ASN1_STRING_length(text));
        } else if (kind == GEN_IPADD) {
            add_address(names, text);
        }
    }
}

bool is_good(X509* leaf, STACK_OF(X509) * chain, SSL_CTX* trust)
{
    const verification check(X509_STORE_CTX_new());
    const bool good = check && X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(trust), leaf, chain) == 1 &&
                      X509_STORE_CTX_set_default(check.get(), "ssl_client") == 1 && X509_verify_cert(check.get()) == 1;
    ERR_clear_error();
    return good;
}

}  // namespace

result<tls_context> make_server_context(const tls_texts& texts)
{
    ERR_clear_error();
    tls_context context(SSL_CTX_new(TLS_server_method()), freer<SSL_CTX_free>());
    if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
        return error(failure::internal, "TLS: OpenSSL knows no TLS 1.2");
    }
    SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_num_tickets(context.get(), 0);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    // Otherwise SSL_read() would continue for as long as a client sends records without data (key updates), and nobody
    // else would be served.
    SSL_CTX_clear_mode(context.get(), SSL_MODE_AUTO_RETRY);
    if (const auto used = use_certificate(context.get(), texts.certificate_pem); !used) return used.error();
    if (const auto used = use_key(context.get(), texts.key_pem); !used) return used.error();
    if (!texts.client_ca_pem.empty()) {
        if (const auto used = use_client_authority(context.get(), texts.client_ca_pem); !used) return used.error();
    }
    return context;
}

std::vector<std::string> verified_names(const ssl_st* connection, ssl_ctx_st* trust)
{
    std::vector<std::string> names;
    const certificate leaf(SSL_get1_peer_certificate(connection));
    if (!leaf || SSL_get_verify_result(connection) != X509_V_OK) return names;
    if (!is_good(leaf.get(), SSL_get_peer_cert_chain(connection), trust)) return names;
    add_common_names(names, leaf.get());
    add_alternative_names(names, leaf.get());
    return names;
}

std::optional<std::chrono::system_clock::time_point> certificate_expiry(const ssl_ctx_st* context)
{
    const X509* const own = context == nullptr ? nullptr : SSL_CTX_get0_certificate(context);
    std::tm when{};
    if (own == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(own), &when) != 1) return std::nullopt;
    return std::chrono::system_clock::from_time_t(::timegm(&when));
}

}  // namespace nodescope::auth
