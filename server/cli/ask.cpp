#include "server/cli/ask.hpp"

#include "collectors/http_client/http_client.hpp"
#include "core/url_text.hpp"
#include "server/auth/guarded_file.hpp"
#include "server/http/listener.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace nodescope::cli {

namespace asio = boost::asio;

namespace {

using http_client::endpoint;
using http_client::phase;

/// Where to ask, and what it is called in the Host field.
struct server_address {
    server_address(endpoint e, std::string a) : to(std::move(e)), authority(std::move(a)) {}
    endpoint to;
    std::string authority;
};

error not_a_server(std::string_view text)
{
    return {failure::invalid, fmt::format("\"{}\" is not a server: use http://host:port or https://host:port", text)};
}

/// "http://host:port", "https://host:port" or "unix:/path".
result<server_address> parse_server(std::string_view text)
{
    constexpr std::string_view unix_scheme = "unix:";
    if (text.starts_with(unix_scheme)) {
        std::string path(text.substr(unix_scheme.size()));
        return server_address(endpoint(endpoint::transport::unix_socket, std::move(path), {}, 0), "localhost");
    }
    for (const auto& [scheme, kind] : {std::pair(std::string_view("http://"), endpoint::transport::tcp),
                                       std::pair(std::string_view("https://"), endpoint::transport::tls)}) {
        if (!text.starts_with(scheme)) continue;
        const std::string_view authority = text.substr(scheme.size());
        const auto parts = parse_host_and_port(authority);
        if (!parts || parts->port.value_or(0) == 0) break;
        return server_address(endpoint(kind, {}, std::string(parts->host), *parts->port), std::string(authority));
    }
    return not_a_server(text);
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
    return fmt::format("{}://{}", tls ? "https" : "http", authority_text(host, parsed->port));
}

std::vector<std::string> files_of(const question& what)
{
    std::vector<std::string> paths{what.ca_file, what.certificate_file, what.key_file};
    std::erase(paths, "");
    return paths;
}

result<http_client::tls_identity> read_identity(const question& what)
{
    http_client::tls_identity identity;
    identity.takes_any_certificate = what.ca_file.empty();
    for (const auto& [path, pem] :
         {std::pair(&what.ca_file, &identity.ca_pem), std::pair(&what.certificate_file, &identity.certificate_pem),
          std::pair(&what.key_file, &identity.key_pem)}) {
        if (path->empty()) continue;
        auto content = auth::blocking_read_guarded(auth::guarded_file(*path, false));
        if (!content) return content.error();
        *pem = std::move(content->text);
    }
    return identity;
}

result<std::unique_ptr<http_client::client>> make_client(const asio::any_io_executor& executor,
                                                         const server_address& server, const question& what)
{
    http_client::options how;
    how.idle_limit = 0;  // one question, and then the reactor is to run dry
    if (server.to.kind != endpoint::transport::tls) return http_client::make_client(executor, server.to, how);
    const auto identity = read_identity(what);
    if (!identity) return identity.error();
    auto made = http_client::make_tls_client(executor, server.to, *identity, how);
    if (made) return made;
    return error(made.error().kind(), fmt::format("{}: {}", fmt::join(files_of(what), ": "), made.error().message()));
}

/// GET without a body, POST with one.
http_client::request request_of(const question& what, const server_address& server)
{
    http_client::request call(what.body.empty() ? "GET" : "POST", what.path);
    call.host = server.authority;
    call.headers.emplace_back("Connection", "close");
    if (!what.body.empty()) call.headers.emplace_back("Content-Type", "application/json");
    call.body = what.body;
    call.body_limit = std::size_t{64} << 20U;  // more than any answer of ours
    return call;
}

/// What stands behind `start`, if the text begins with it.
std::optional<std::string_view> rest_of(std::string_view text, std::string_view start)
{
    if (!text.starts_with(start)) return std::nullopt;
    return text.substr(start.size());
}

/// Why there is no answer, for a person who may never have heard of a phase.
std::string sentence(const http_client::round_trip_failure& why)
{
    const bool connected = why.where > phase::tls_handshake;
    if (why.kind == failure::timed_out)
        return connected ? "connected, but not answered in time" : "not connected in time";
    if (why.kind == failure::too_large) return "the answer is longer than 64 MiB";
    if (why.where == phase::header && why.error_number == ECONNRESET) return "closed without an answer";
    if (connected && why.kind == failure::malformed) {
        return fmt::format("the answer {}: {}", why.where == phase::body ? "was cut short" : "is not HTTP",
                           why.message);
    }
    if (const auto host = rest_of(why.message, "resolve ")) return fmt::format("no address for {}", *host);
    if (const auto reason = rest_of(why.message, "TLS handshake: certificate verify failed (")) {
        return fmt::format("TLS handshake: the server's certificate is not trusted: {}",
                           reason->substr(0, reason->size() - 1));
    }
    return why.message;
}

result<std::string> blocking_ask(const question& what, std::chrono::milliseconds limit)
{
    const auto server = parse_server(what.server);
    if (!server) return server.error();
    if (!what.path.starts_with('/') || what.path.find_first_of(" \r\n") != std::string::npos) {
        return error(failure::invalid, fmt::format("\"{}\" is not a path", what.path));
    }
    asio::io_context reactor(1);
    const auto client = make_client(reactor.get_executor(), *server, what);
    if (!client) return client.error();
    http_client::outcome got;
    asio::co_spawn(reactor, (*client)->round_trip(request_of(what, *server), deadline::in(limit)),
                   [&got](const std::exception_ptr& thrown, http_client::outcome end) {
                       if (thrown) std::rethrow_exception(thrown);
                       got = std::move(end);
                   });
    reactor.run();
    if (!got.answer) {
        if (got.why.kind != failure::timed_out) return error(got.why.kind, sentence(got.why));
        // The thread of a stuck lookup cannot be joined.
        std::fprintf(stderr, "nodescope: %s\n", sentence(got.why).c_str());
        std::_Exit(1);
    }
    if (got.answer->status / 100 == 2) return std::move(got.answer->body);
    return error(failure::unavailable, fmt::format("status {}: {}", got.answer->status, got.answer->body));
}

}  // namespace

int put(question what, const configuration& config, std::chrono::milliseconds limit)
{
    std::signal(SIGPIPE, SIG_IGN);  // whoever reads our output may have seen enough
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
    return {
        {"path", &what.path, "what to ask: /processor/netInfoCollector", true, {}},
        {"body", &what.body, "parameters to POST, a JSON object: '{\"id\": \"web\"}'; without: GET", false, {}},
        {"--server", &what.server, "http://host:port or https://host:port [the address of --listen]", false, {}},
        {"--ca-file", &what.ca_file, "PEM bundle that must have signed the server's certificate", false, {}},
        // It says who we are: not to just anybody.
        {"--cert-file",
         &what.certificate_file,
         "PEM certificate to show, and its chain",
         false,
         {"--key-file", "--ca-file"}},
        {"--key-file", &what.key_file, "PEM key of --cert-file", false, {"--cert-file"}},
    };
}

int ask::run(const command_context& with) const
{
    // An answer may take as long as the service lets it, and has to travel.
    constexpr std::chrono::seconds travel{5};
    return put(what, with.config, with.config.http.request_timeout + travel);
}

}  // namespace nodescope::cli
