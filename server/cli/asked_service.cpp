#include "server/cli/asked_service.hpp"

#include "collectors/http_client/http_client.hpp"
#include "collectors/questions/socket_holder.hpp"
#include "core/text.hpp"
#include "core/url_text.hpp"
#include "server/auth/guarded_file.hpp"
#include "server/http/listener.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cerrno>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <pwd.h>
#include <unistd.h>

namespace nodescope::cli {

namespace asio = boost::asio;

namespace {

using http_client::endpoint;
using http_client::parse_server;
using http_client::phase;
using http_client::server_address;

/// What stands behind `start`, if the text begins with it.
std::optional<std::string_view> rest_of(std::string_view text, std::string_view start)
{
    if (!text.starts_with(start)) return std::nullopt;
    return text.substr(start.size());
}

/// "http://host:port", "https://host:port" or "unix:/path".
result<server_address> server_at(const std::string& text)
{
    if (const auto path = rest_of(text, "unix:")) {
        return server_address(endpoint(endpoint::transport::unix_socket, std::string(*path), {}, 0), {}, text);
    }
    const auto secure = rest_of(text, "https://");
    auto server = secure ? parse_server(endpoint::transport::tls, "https", *secure, 0)
                         : parse_server(endpoint::transport::tcp, "http", rest_of(text, "http://").value_or(""), 0);
    if (server) return server;
    return error(failure::invalid,
                 fmt::format("\"{}\" is not a server: use http://host:port or https://host:port", text));
}

/// The one that the package makes (systemd/nodescope.sysusers.conf); root where there is none.
uid_t user_of_package()
{
    const passwd* const found = ::getpwnam("nodescope");
    return found == nullptr ? 0 : found->pw_uid;
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

/// Any user can listen on a port, and an answer of theirs would be taken for the service's.
result<void> check_answerer(int connected)
{
    constexpr std::chrono::seconds search_limit{1};
    const auto holder = blocking_find_answerer(connected);
    if (!holder && holder.error().kind() == failure::invalid) return {};  // on another machine
    if (!holder) {
        return error(holder.error().kind(),
                     fmt::format("it cannot be found out who answers there: {}", holder.error().message()));
    }
    if (holder->uid == 0 || holder->uid == ::geteuid() || holder->uid == user_of_package()) return {};
    return error(failure::denied, fmt::format("not the service: it is {} who answers there, and neither root nor the "
                                              "service's user; nothing was asked",
                                              blocking_describe(*holder, "/", deadline::in(search_limit))));
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
    // With an authority the certificate says who it is.
    if (what.ca_file.empty()) how.check = check_answerer;
    result<http_client::tls_identity> identity = http_client::tls_identity();
    if (server.to.kind == endpoint::transport::tls) identity = read_identity(what);
    if (!identity) return identity.error();
    auto made = http_client::make_client(executor, server.to, *identity, how);
    if (made) return made;
    std::vector<std::string> files{what.ca_file, what.certificate_file, what.key_file};
    std::erase(files, "");
    return error(made.error().kind(), fmt::format("{}: {}", joined(files, ": "), made.error().message()));
}

/// GET without a body, POST with one.
http_client::request request_of(const question& what, const server_address& server)
{
    http_client::request call(what.body.empty() ? "GET" : "POST", what.path);
    call.host = server.authority();
    call.headers.emplace_back("Connection", "close");
    if (!what.body.empty()) call.headers.emplace_back("Content-Type", "application/json");
    call.body = what.body;
    call.body_limit = std::size_t{64} << 20U;  // more than any answer of ours
    return call;
}

/// Why there is no answer, in words that need no knowledge of the protocol.
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

/// Hands on what comes, and keeps nothing.
class passing_sieve final : public http_client::body_sieve {
public:
    passing_sieve(const std::function<bool(std::string_view)>& take, asio::io_context& reactor)
        : take_(take), reactor_(reactor)
    {
    }
    void take(std::string_view piece, std::string& /*kept*/) override
    {
        if (!take_(piece)) reactor_.stop();
    }

private:
    const std::function<bool(std::string_view)>& take_;
    asio::io_context& reactor_;
};

/// A reactor and a client that is not destroyed before it.
struct conversation {
    asio::io_context reactor{1};
    std::unique_ptr<http_client::client> client;
};

/// The thread of a stuck lookup cannot be joined, which a destructor would try: the process ends with it.
void leave_behind(std::unique_ptr<conversation> stuck)
{
    static auto& all = *new std::vector<std::unique_ptr<conversation>>;
    all.push_back(std::move(stuck));
}

/// None where the reactor was stopped before there was an answer.
result<std::optional<http_client::response>> blocking_round_trip(const question& what, deadline limit,
                                                                 const std::function<bool(std::string_view)>* take)
{
    const auto server = server_at(what.server);
    if (!server) return server.error();
    if (!what.path.starts_with('/') || what.path.find_first_of(" \r\n") != std::string::npos) {
        return error(failure::invalid, fmt::format("\"{}\" is not a path", what.path));
    }
    auto talk = std::make_unique<conversation>();
    asio::io_context& reactor = talk->reactor;
    auto client = make_client(reactor.get_executor(), *server, what);
    if (!client) return client.error();
    talk->client = std::move(*client);
    http_client::request call = request_of(what, *server);
    if (take != nullptr) call.sieve = std::make_shared<passing_sieve>(*take, reactor);
    std::optional<http_client::outcome> got;
    asio::co_spawn(reactor, talk->client->round_trip(std::move(call), limit),
                   [&got](const std::exception_ptr& thrown, http_client::outcome end) {
                       if (thrown) std::rethrow_exception(thrown);
                       got = std::move(end);
                   });
    reactor.run();
    if (!got) return std::optional<http_client::response>();
    if (got->answer) return std::move(got->answer);
    if (got->why.kind == failure::timed_out && got->why.where == phase::resolve) leave_behind(std::move(talk));
    return error(got->why.kind, sentence(got->why));
}

}  // namespace

result<std::string> own_server(const configuration& config)
{
    return url_of_listener(config.http.listen.front(), config.access.has_tls());
}

result<service_answer> blocking_ask(const question& what, std::chrono::milliseconds limit)
{
    auto got = blocking_round_trip(what, deadline::in(limit), nullptr);
    if (!got) return got.error();
    if (!*got) return error(failure::internal, "the reactor was stopped");
    return service_answer{(*got)->status, std::move((*got)->body)};
}

result<void> blocking_follow(const question& what, const std::function<bool(std::string_view)>& take)
{
    constexpr std::chrono::hours as_good_as_ever{24 * 365};
    const auto got = blocking_round_trip(what, deadline::in(as_good_as_ever), &take);
    if (!got) return got.error();
    if (!*got || (*got)->status / 100 == 2) return {};
    return error(failure::unavailable, fmt::format("status {}: {}", (*got)->status, (*got)->body));
}

}  // namespace nodescope::cli
