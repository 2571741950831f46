#include "server/cli/ask.hpp"

#include "core/deadline.hpp"
#include "server/http/listener.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

#include <sys/time.h>
#include <unistd.h>

namespace nodescope::cli {

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

result<std::string> read_answer(ask_connection& from)
{
    std::string answer;
    std::array<char, 16'384> piece{};
    while (true) {
        const auto size = from.read(piece.data(), piece.size());
        if (!size) return size.error();
        if (*size == 0) return answer;  // cut short or not: the status line tells
        answer.append(piece.data(), *size);
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

result<std::string> blocking_ask(const question& what, std::chrono::milliseconds limit)
{
    auto server = parse_server(what.server);
    if (!server) return server.error();
    if (!what.path.starts_with('/') || what.path.find_first_of(" \r\n") != std::string::npos) {
        return error(failure::invalid, fmt::format("\"{}\" is not a path", what.path));
    }
    start_clock(limit);
    auto opened = ask_connection::open(*server, what.identity);
    if (!opened) return opened.error();
    current_phase = "nodescope: connected, but not answered in time\n";
    if (const auto sent = opened->write(request_text(what, *server)); !sent) return sent.error();
    const auto answer = read_answer(*opened);
    if (!answer) return answer.error();
    const auto parts = split_answer(*answer);
    if (!parts) return parts.error();
    if (parts->status.starts_with('2')) return std::string(parts->body);
    return error(failure::unavailable, fmt::format("status {}: {}", parts->status, parts->body));
}

/// The URL of a service that listens on `address` (a --listen value) as it is reached from the same machine: a wildcard
/// becomes loopback. failure::invalid for a port that only the kernel knows.
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

}  // namespace

int put(question what, const configuration& config, std::chrono::milliseconds limit)
{
    std::signal(SIGPIPE, SIG_IGN);
    if (what.server.empty()) {
        auto server = url_of_listener(config.http.listen.front(), config.access.has_tls());
        if (!server) {
            std::fprintf(stderr, "nodescope: %s\n", server.error().message().c_str());
            return 1;
        }
        what.server = std::move(*server);
    }
    const auto answer = blocking_ask(what, limit);
    if (!answer) {
        std::fprintf(stderr, "nodescope: %s%s: %s\n", what.server.c_str(), what.path.c_str(),
                     answer.error().message().c_str());
        return 1;
    }
    const bool written = std::fwrite(answer->data(), 1, answer->size(), stdout) == answer->size();
    return written && std::fflush(stdout) == 0 ? 0 : 1;
}

std::vector<command_argument> ask::arguments()
{
    client_identity& identity = what.identity;
    return {
        {"path", &what.path, "what to ask: /processor/netInfoCollector", true, {}},
        {"body", &what.body, "parameters to POST, a JSON object: '{\"id\": \"web\"}'; without: GET", false, {}},
        {"--server", &what.server, "http://host:port or https://host:port [the address of --listen]", false, {}},
        {"--ca-file", &identity.ca_file, "PEM bundle that must have signed the server's certificate", false, {}},
        // It says who we are: not to just anybody.
        {"--cert-file",
         &identity.certificate_file,
         "PEM certificate to show, and its chain",
         false,
         {"--key-file", "--ca-file"}},
        {"--key-file", &identity.key_file, "PEM key of --cert-file", false, {"--cert-file"}},
    };
}

int ask::run(const command_context& with) const
{
    // An answer may take as long as the service lets it, and has to travel.
    constexpr std::chrono::seconds travel{5};
    return put(what, with.config, with.config.http.request_timeout + travel);
}

}  // namespace nodescope::cli
