// The HTTP layer alone, with routes that tests can steer: a stand-in for the real binary where a test needs an answer
// that is slow, large or broken on demand. Takes the flags of `nodescope serve` that concern the HTTP layer.
#include "server/http/http_server.hpp"
#include "server/http/listener.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace asio = boost::asio;
using namespace nodescope;

constexpr std::string_view plain_text = "text/plain; charset=utf-8";

std::size_t number(std::string_view text)
{
    std::size_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) {
        throw std::invalid_argument("not a number: " + std::string(text));
    }
    return value;
}

struct settings {
    http::server_options options;
    std::chrono::milliseconds drain{5'000};
    bool insecure_listen = false;
};

settings read_flags(const std::vector<std::string>& arguments)
{
    settings out;
    out.options.listen.clear();
    using action = std::function<void(const std::string&)>;
    const auto size = [](std::size_t& target) -> action { return [&](const std::string& v) { target = number(v); }; };
    const auto time = [](std::chrono::milliseconds& target) -> action {
        return [&](const std::string& v) { target = parse_duration(v).value(); };
    };
    const auto list = [](std::vector<std::string>& target) -> action {
        return [&](const std::string& v) { target.push_back(v); };
    };
    http::server_options& o = out.options;
    const std::map<std::string, action> known{
        {"--listen", list(o.listen)},
        {"--allow-host", list(o.allowed_hosts)},
        {"--allow-origin", list(o.allowed_origins)},
        {"--max-connections", size(o.max_connections)},
        {"--max-connections-per-peer", size(o.max_connections_per_peer)},
        {"--max-header", size(o.max_header)},
        {"--max-body", size(o.max_body)},
        {"--max-target", size(o.max_target)},
        {"--timeout-header", time(o.header_timeout)},
        {"--timeout-body", time(o.body_timeout)},
        {"--timeout-idle", time(o.idle_timeout)},
        {"--timeout-write", time(o.write_timeout)},
        {"--timeout-request", time(o.request_timeout)},
        {"--timeout-drain", time(out.drain)},
        {"--log-format", [](const std::string&) {}},
    };
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i] == "serve") continue;
        if (arguments[i] == "--insecure-listen") {
            out.insecure_listen = true;
            continue;
        }
        const auto flag = known.find(arguments[i]);
        if (flag == known.end() || i + 1 == arguments.size()) throw std::invalid_argument("flag: " + arguments[i]);
        flag->second(arguments[++i]);
    }
    return out;
}

class open_visitor final : public http::visitor {
public:
    task<http::admission> authenticate(std::string_view, deadline) override { co_return http::admission::grant(); }
    task<http::admission> authorise(http::method, http::area, deadline) override { co_return http::admission::grant(); }
    [[nodiscard]] std::string_view caller() const noexcept override { return {}; }
};

/// Admits everybody, beyond this machine only when told that this is meant.
class open_gate final : public http::gate {
public:
    explicit open_gate(bool insecure_listen) : insecure_listen_(insecure_listen) {}

    std::unique_ptr<http::visitor> meet(const http::peer_info&, int, const ssl_st*) override
    {
        return std::make_unique<open_visitor>();
    }

    [[nodiscard]] result<void> may_listen(const http::listen_address& address) const override
    {
        if (insecure_listen_ || http::is_local(address)) return {};
        return error(failure::invalid,
                     fmt::format("listen address \"{}\" can be reached from other machines, and there is no "
                                 "authentication: use a loopback address, or --insecure-listen if everybody who can "
                                 "connect may read this node",
                                 address.text));
    }

private:
    bool insecure_listen_;
};

struct counters {
    int running = 0;
    int cancelled = 0;
};

/// Counts a handler for as long as its frame lives.
struct running_mark {
    explicit running_mark(counters& c) : counts(c) { ++counts.running; }
    running_mark(const running_mark&) = delete;
    running_mark& operator=(const running_mark&) = delete;
    ~running_mark() { --counts.running; }
    counters& counts;
};

/// Gives the pieces "0\n", "1\n", … a millisecond apart and then ends, or waits for ever, or pieces of `size` bytes
/// without end.
class test_stream final : public http::body_stream {
public:
    test_stream(counters& counts, std::size_t pieces, bool waits, std::size_t size)
        : mark_(counts), pieces_(pieces), waits_(waits), size_(size)
    {
    }
    task<std::optional<std::string>> next() override
    {
        std::optional<std::string> piece;
        if (size_ > 0) piece = std::string(size_, 'x');
        else if (given_ < pieces_) piece = std::to_string(given_++) + "\n";
        else if (!waits_) co_return piece;
        asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(1));
        if (!piece) timer.expires_at(asio::steady_timer::time_point::max());
        auto [cancelled] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (cancelled) ++mark_.counts.cancelled;
        co_return piece;
    }

private:
    running_mark mark_;
    std::size_t pieces_;
    bool waits_;
    std::size_t size_;
    std::size_t given_ = 0;
};

http::reply streamed(std::unique_ptr<http::body_stream> stream)
{
    http::reply answer(200, "", "");
    answer.stream = std::move(stream);
    return answer;
}

std::vector<http::route> make_routes(counters& counts)
{
    using http::method;
    std::vector<http::route> routes;
    const auto add = [&](method verb, std::string path, http::handler handle, bool prefix = false) {
        routes.emplace_back(verb, std::move(path), std::move(handle), prefix);
    };
    add(method::get, "/healthz",
        [](const http::request&) -> task<http::reply> { co_return http::reply(200, std::string(plain_text), "ok\n"); });
    add(method::post, "/echo", [](const http::request& asked) -> task<http::reply> {
        co_return http::reply(200, "application/json", asked.body);
    });
    // What a handler sees of a request.
    add(
        method::get, "/seen",
        [](const http::request& asked) -> task<http::reply> {
            co_return http::reply(200, std::string(plain_text), asked.path + "\n" + asked.query + "\n" + asked.peer);
        },
        true);
    add(method::get, "/large", [](const http::request& asked) -> task<http::reply> {
        co_return http::reply(200, std::string(plain_text), std::string(number(asked.query), 'x'));
    });
    // Answers after so many milliseconds.
    const auto after = [&counts](const http::request& asked) -> task<http::reply> {
        const running_mark mark(counts);
        asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(number(asked.query)));
        auto [cancelled] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (cancelled) ++counts.cancelled;
        co_return http::reply(200, std::string(plain_text), "late\n");
    };
    add(method::get, "/after", after);
    add(method::post, "/after", after);
    add(method::post, "/throws", [](const http::request&) -> task<http::reply> {
        throw std::runtime_error("on purpose");
        co_return http::reply();
    });
    add(method::get, "/headers", [](const http::request& asked) -> task<http::reply> {
        http::reply answer(200, "text/plain", "x");
        answer.headers.emplace_back("X-Good", "yes");
        answer.headers.emplace_back("X-Split", "a\r\nX-Injected: " + asked.query);
        co_return answer;
    });
    add(method::get, "/ticks", [&counts](const http::request& asked) -> task<http::reply> {
        co_return streamed(std::make_unique<test_stream>(counts, number(asked.query), false, 0));
    });
    add(method::get, "/waits", [&counts](const http::request&) -> task<http::reply> {
        co_return streamed(std::make_unique<test_stream>(counts, 1, true, 0));
    });
    add(method::get, "/endless", [&counts](const http::request& asked) -> task<http::reply> {
        co_return streamed(std::make_unique<test_stream>(counts, 0, false, number(asked.query)));
    });
    add(method::get, "/any", [](const http::request& asked) -> task<http::reply> {
        co_return http::reply(200, std::string(plain_text), asked.verb_text);
    });
    routes.back().any_method = true;
    add(method::get, "/counts", [&counts](const http::request&) -> task<http::reply> {
        const std::string text = std::to_string(counts.running) + " " + std::to_string(counts.cancelled);
        co_return http::reply(200, std::string(plain_text), text);
    });
    return routes;
}

int run(const std::vector<std::string>& arguments)
{
    settings given = read_flags(arguments);
    logger log(log_level::info, log_format::json);
    asio::io_context reactor(1);
    counters counts;
    const auto everybody = std::make_unique<open_gate>(given.insecure_listen);
    const http::traffic memory(given.options.max_body);
    const auto served = http::make_server(reactor.get_executor(), std::move(given.options), make_routes(counts),
                                          http::server_security(*everybody), memory, log);
    if (const auto listening = served->listen(); !listening) {
        std::fprintf(stderr, "%s\n", listening.error().message().c_str());
        return 1;
    }
    asio::signal_set signals(reactor, SIGTERM, SIGINT);
    signals.async_wait([&](const boost::system::error_code& failed, int) {
        if (failed) return;
        served->stop(deadline::in(given.drain));
        signals.async_wait([](const boost::system::error_code& cancelled, int) {
            if (!cancelled) std::_Exit(1);
        });
    });
    asio::co_spawn(reactor, served->serve(), [&](const std::exception_ptr&) { signals.cancel(); });
    reactor.run();
    return 0;
}

}  // namespace

int main(int count, char** arguments)
{
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return run(std::vector<std::string>(arguments + 1, arguments + count));
    } catch (const std::exception& failed) {
        std::fprintf(stderr, "%s\n", failed.what());
        return 1;
    }
}
