#include "server/cli/ask_connection.hpp"

#include <fmt/format.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace nodescope::cli {

namespace {

error not_a_server(std::string_view text)
{
    return {failure::invalid, fmt::format("\"{}\" is not a server: use http://host:port or https://host:port", text)};
}

error failed(std::string_view phase, int number)
{
    return {failure::unavailable, fmt::format("{}: {}", phase, std::strerror(number))};
}

/// The oldest complaint of OpenSSL: later ones follow from it.
error refused_by_tls(std::string_view what)
{
    const unsigned long first = ERR_peek_error();
    const char* reason = first == 0 ? nullptr : ERR_reason_error_string(first);
    if (ERR_SYSTEM_ERROR(first)) reason = std::strerror(ERR_GET_REASON(first));
    ERR_clear_error();
    return {failure::unavailable,
            fmt::format("{}: {}", what, reason == nullptr ? "the connection was closed" : reason)};
}

result<unique_fd> connect_unix(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return failed("connect", ENAMETOOLONG);
    std::memcpy(address.sun_path, path.data(), path.size());
    unique_fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr generic{};
    static_assert(sizeof generic <= sizeof address);
    const auto* const where = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    if (!socket || ::connect(socket.get(), where, sizeof address) != 0) return failed("connect", errno);
    return socket;
}

result<unique_fd> connect_tcp(const server_address& server)
{
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(server.host.c_str(), server.port.c_str(), &hints, &found); code != 0) {
        return error(failure::unavailable, fmt::format("no address for {}: {}", server.host, ::gai_strerror(code)));
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
    int number = 0;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        unique_fd socket(::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol));
        if (socket && ::connect(socket.get(), one->ai_addr, one->ai_addrlen) == 0) return socket;
        number = errno;
    }
    return failed("connect", number);
}

result<void> use_identity(SSL_CTX* context, const client_identity& identity)
{
    if (!identity.ca_file.empty()) {
        if (SSL_CTX_load_verify_file(context, identity.ca_file.c_str()) != 1) return refused_by_tls(identity.ca_file);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    }
    if (identity.certificate_file.empty()) return {};
    if (SSL_CTX_use_certificate_chain_file(context, identity.certificate_file.c_str()) != 1) {
        return refused_by_tls(identity.certificate_file);
    }
    if (SSL_CTX_use_PrivateKey_file(context, identity.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        return refused_by_tls(identity.key_file);
    }
    return {};
}

/// The name that its certificate must carry: an address or a host's name.
bool expect_name(SSL* tls, const std::string& host)
{
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) == 1) return true;
    ERR_clear_error();
    return SSL_set1_host(tls, host.c_str()) == 1;
}

}  // namespace

result<server_address> parse_server(std::string_view text)
{
    constexpr std::string_view unix_scheme = "unix:";
    server_address parts;
    if (text.starts_with(unix_scheme)) {
        parts.unix_socket = true;
        parts.host = text.substr(unix_scheme.size());
        parts.authority = "localhost";
        return parts;
    }
    const auto scheme = text.find("://");
    if (scheme == std::string_view::npos) return not_a_server(text);
    parts.tls = text.substr(0, scheme) == "https";
    if (!parts.tls && text.substr(0, scheme) != "http") return not_a_server(text);
    parts.authority = text.substr(scheme + 3);
    const std::string_view authority = parts.authority;
    const auto colon = authority.rfind(':');
    const bool plain = authority.find_first_of("/?#@ \r\n") == std::string_view::npos;
    if (!plain || colon == std::string_view::npos || colon == 0) return not_a_server(text);
    std::string_view host = authority.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    std::uint16_t port = 0;
    const std::string_view digits = authority.substr(colon + 1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || port == 0) return not_a_server(text);
    parts.host = host;
    parts.port = digits;
    return parts;
}

ask_connection::ask_connection(unique_fd socket)
    : socket_(std::move(socket)), context_(nullptr, SSL_CTX_free), tls_(nullptr, SSL_free)
{
}

result<ask_connection> ask_connection::open(const server_address& server, const client_identity& identity)
{
    auto socket = server.unix_socket ? connect_unix(server.host) : connect_tcp(server);
    if (!socket) return socket.error();
    ask_connection made(std::move(*socket));
    if (!server.tls) return made;
    if (const auto done = made.shake_hands(server, identity); !done) return done.error();
    return made;
}

result<void> ask_connection::shake_hands(const server_address& server, const client_identity& identity)
{
    ERR_clear_error();
    context_.reset(SSL_CTX_new(TLS_client_method()));
    if (!context_) return refused_by_tls("TLS");
    if (auto used = use_identity(context_.get(), identity); !used) return used;
    tls_.reset(SSL_new(context_.get()));
    if (!tls_ || SSL_set_fd(tls_.get(), socket_.get()) != 1) return refused_by_tls("TLS");
    if (!identity.ca_file.empty() && !expect_name(tls_.get(), server.host)) return refused_by_tls("TLS");
    if (SSL_connect(tls_.get()) == 1) return {};
    const long verified = identity.ca_file.empty() ? X509_V_OK : SSL_get_verify_result(tls_.get());
    if (verified == X509_V_OK) return refused_by_tls("TLS handshake");
    ERR_clear_error();
    return error(failure::unavailable, fmt::format("TLS handshake: the server's certificate is not trusted: {}",
                                                   X509_verify_cert_error_string(verified)));
}

result<std::size_t> ask_connection::read(char* to, std::size_t size)
{
    if (!tls_) {
        const ssize_t got = ::read(socket_.get(), to, size);
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    ERR_clear_error();
    const int got = SSL_read(tls_.get(), to, static_cast<int>(size));
    if (got > 0) return static_cast<std::size_t>(got);
    const bool said_goodbye = SSL_get_error(tls_.get(), got) != SSL_ERROR_SSL ||
                              ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    if (!said_goodbye) return refused_by_tls("TLS");
    return std::size_t{0};
}

/// With TLS 1.3 the server says only after our handshake what it thinks of our certificate.
error ask_connection::why_closed()
{
    char none = 0;
    const auto got = read(&none, 1);
    return got ? refused_by_tls("send") : got.error();
}

result<void> ask_connection::write(std::string_view text)
{
    while (!text.empty()) {
        ERR_clear_error();
        const ssize_t sent = tls_ ? SSL_write(tls_.get(), text.data(), static_cast<int>(text.size()))
                                  : ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) return tls_ ? why_closed() : failed("send", errno);
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

}  // namespace nodescope::cli
