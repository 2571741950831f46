#include "server/ask.hpp"

#include "core/deadline.hpp"
#include "core/unique_fd.hpp"
#include "server/http/listener.hpp"

#include <fmt/format.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace nodescope {

namespace {

/// More than any answer of ours; an endless one must not fill the memory.
constexpr std::size_t answer_limit = std::size_t{64} << 20U;

/// Where we are when the limit passes: the signal handler has nothing else to go by.
std::atomic<const char*> current_phase{"nodescope: not connected in time\n"};

void give_up(int)
{
    const char* const message = current_phase;
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, message, std::strlen(message));
    ::_exit(1);
}

void start_clock(std::chrono::milliseconds limit)
{
    struct sigaction action {};
    action.sa_handler = give_up;
    ::sigaction(SIGALRM, &action, nullptr);
    itimerval timer{};
    constexpr std::int64_t milliseconds = 1000;
    timer.it_value.tv_sec = limit.count() / milliseconds;
    timer.it_value.tv_usec = (limit.count() % milliseconds) * milliseconds;
    ::setitimer(ITIMER_REAL, &timer, nullptr);
}

/// A URL in its parts. `host` is a Unix socket's path when `unix_socket` is set.
struct server_address {
    bool tls = false;
    bool unix_socket = false;
    std::string host;
    std::string port;
    std::string authority;  ///< for the Host header
};

error not_a_server(std::string_view text)
{
    return {failure::invalid, fmt::format("\"{}\" is not a server: use http://host:port or https://host:port", text)};
}

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

error failed(std::string_view phase, int number)
{
    return {failure::unavailable, fmt::format("{}: {}", phase, std::strerror(number))};
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

/// A connected socket, with TLS around it where the address says so.
class connection {
public:
    static result<connection> open(const server_address& server)
    {
        auto socket = server.unix_socket ? connect_unix(server.host) : connect_tcp(server);
        if (!socket) return socket.error();
        connection made(std::move(*socket));
        if (server.tls && !made.shake_hands()) {
            std::array<char, 256> text{};
            ERR_error_string_n(ERR_get_error(), text.data(), text.size());
            return error(failure::unavailable, fmt::format("TLS handshake: {}", text.data()));
        }
        return made;
    }

    ssize_t read(char* to, std::size_t size)
    {
        return tls_ ? SSL_read(tls_.get(), to, static_cast<int>(size)) : ::read(socket_.get(), to, size);
    }

    bool write(std::string_view text)
    {
        while (!text.empty()) {
            const ssize_t sent = tls_ ? SSL_write(tls_.get(), text.data(), static_cast<int>(text.size()))
                                      : ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

private:
    explicit connection(unique_fd socket) : socket_(std::move(socket)) {}

    bool shake_hands()
    {
        context_.reset(SSL_CTX_new(TLS_client_method()));
        if (!context_) return false;
        tls_.reset(SSL_new(context_.get()));
        return tls_ && SSL_set_fd(tls_.get(), socket_.get()) == 1 && SSL_connect(tls_.get()) == 1;
    }

    unique_fd socket_;
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_{nullptr, SSL_CTX_free};
    std::unique_ptr<SSL, void (*)(SSL*)> tls_{nullptr, SSL_free};
};

/// HTTP/1.0, so that the answer is neither chunked nor followed by another.
std::string request_text(const question& what, const server_address& server)
{
    std::string text =
        fmt::format("{} {} HTTP/1.0\r\nHost: {}\r\n", what.body.empty() ? "GET" : "POST", what.path, server.authority);
    if (!what.body.empty()) {
        text += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", what.body.size());
    }
    return text + "\r\n" + what.body;
}

result<std::string> read_answer(connection& from)
{
    std::string answer;
    std::array<char, 16'384> piece{};
    while (true) {
        const ssize_t size = from.read(piece.data(), piece.size());
        if (size <= 0) return answer;  // cut short or not: the status line tells
        answer.append(piece.data(), static_cast<std::size_t>(size));
        if (answer.size() > answer_limit) return error(failure::too_large, "the answer is longer than 64 MiB");
    }
}

struct answer_parts {
    std::string_view status;  ///< three digits
    std::string_view body;
};

result<answer_parts> split_answer(std::string_view answer)
{
    constexpr std::string_view start = "HTTP/1.";
    constexpr std::size_t status_at = start.size() + 2;
    const auto head_end = answer.find("\r\n\r\n");
    if (!answer.starts_with(start) || head_end == std::string_view::npos || head_end < status_at + 3) {
        return error(failure::malformed, answer.empty() ? "closed without an answer" : "the answer is not HTTP");
    }
    const answer_parts parts{answer.substr(status_at, 3), answer.substr(head_end + 4)};
    constexpr std::string_view length_field = "\r\nContent-Length: ";
    const auto length_at = answer.substr(0, head_end).find(length_field);
    std::size_t length = parts.body.size();
    if (length_at != std::string_view::npos) {
        const char* const digits = answer.data() + length_at + length_field.size();
        std::from_chars(digits, answer.data() + head_end, length);
    }
    if (length != parts.body.size()) return error(failure::malformed, "the answer was cut short");
    return parts;
}

result<std::string> blocking_ask(const question& what)
{
    auto server = parse_server(what.server);
    if (!server) return server.error();
    if (!what.path.starts_with('/') || what.path.find_first_of(" \r\n") != std::string::npos) {
        return error(failure::invalid, fmt::format("\"{}\" is not a path", what.path));
    }
    start_clock(what.limit);
    auto opened = connection::open(*server);
    if (!opened) return opened.error();
    current_phase = "nodescope: connected, but not answered in time\n";
    if (!opened->write(request_text(what, *server))) return failed("send", errno);
    const auto answer = read_answer(*opened);
    if (!answer) return answer.error();
    const auto parts = split_answer(*answer);
    if (!parts) return parts.error();
    if (parts->status.starts_with('2')) return std::string(parts->body);
    return error(failure::unavailable, fmt::format("status {}: {}", parts->status, parts->body));
}

}  // namespace

result<std::string> url_of_listener(const std::string& address, bool tls)
{
    const auto parsed = http::parse_listen_address(address);
    if (!parsed) return parsed.error();
    if (parsed->is_unix()) return "unix:" + parsed->path;
    if (parsed->port == 0) {
        return error(failure::invalid, fmt::format("{}: the kernel chose the port; name it with --server", address));
    }
    std::string host = parsed->host;
    if (host == "0.0.0.0") host = "127.0.0.1";
    if (host == "::") host = "::1";
    if (host.find(':') != std::string::npos) host = fmt::format("[{}]", host);
    return fmt::format("{}://{}:{}", tls ? "https" : "http", host, parsed->port);
}

int ask(const question& what)
{
    std::signal(SIGPIPE, SIG_IGN);
    const auto answer = blocking_ask(what);
    if (!answer) {
        std::fprintf(stderr, "nodescope: %s%s: %s\n", what.server.c_str(), what.path.c_str(),
                     answer.error().message().c_str());
        return 1;
    }
    const bool written = std::fwrite(answer->data(), 1, answer->size(), stdout) == answer->size();
    return written && std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace nodescope
