#include "server/http/http_server.hpp"

#include "core/event.hpp"
#include "core/text.hpp"
#include "server/http/connection_table.hpp"
#include "server/http/doorway.hpp"
#include "server/http/listener.hpp"
#include "server/http/session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <list>
#include <utility>
#include <vector>

namespace nodescope::http {

namespace asio = boost::asio;

namespace {

class asio_server final : public server {
public:
    asio_server(asio::any_io_executor executor, server_options options, std::vector<route> routes,
                server_security guards, traffic memory, logger& log)
        : executor_(std::move(executor)),
          environment_(std::move(options), std::move(routes), std::move(guards), std::move(memory), log),
          connections_(executor_, environment_, [this] { changed_.notify(); }),
          drain_end_(executor_)
    {
    }

    result<void> adopt(unique_fd socket) override;
    result<void> listen() override;
    [[nodiscard]] result<void> check_addresses() const override;
    void reconfigure(const server_options& options) override;
    task<> serve() override;
    void stop(deadline until) override;

    [[nodiscard]] std::vector<std::string> addresses() const override
    {
        std::vector<std::string> names;
        for (const doorway& one : doors_) names.push_back(one.name());
        return names;
    }
    [[nodiscard]] std::size_t connections() const noexcept override { return connections_.size(); }
    [[nodiscard]] const server_statistics& statistics() const noexcept override { return environment_.statistics; }

private:
    [[nodiscard]] result<listen_address> allowed_address(const std::string& text) const;
    void open(listener opened) { doors_.emplace_back(std::move(opened), executor_, environment_, connections_); }
    void start(task<> work);

    asio::any_io_executor executor_;
    session_environment environment_;
    event changed_;  // a door or a session has ended
    connection_table connections_;
    std::list<doorway> doors_;  // a list: its tasks keep a reference
    bool handed_over_ = false;  // by the service manager
    std::size_t running_ = 0;   // tasks of doors
    asio::steady_timer drain_end_;
};

result<void> asio_server::adopt(unique_fd socket)
{
    auto adopted = listener::adopt(std::move(socket));
    if (!adopted) return adopted.error();
    // A Unix socket may have a name that is no path (abstract), but it is always local.
    if (!adopted->name().starts_with("unix:")) {
        if (const auto allowed = allowed_address(adopted->name()); !allowed) return allowed.error();
    }
    open(std::move(*adopted));
    handed_over_ = true;
    return {};
}

result<void> asio_server::listen()
{
    const std::vector<std::string>& wanted = environment_.options.listen;
    if (!handed_over_) {
        for (std::size_t next = doors_.size(); next < wanted.size(); ++next) {
            const auto address = allowed_address(wanted[next]);
            if (!address) return address.error();
            auto opened = listener::open(*address);
            if (!opened) return opened.error();
            open(std::move(*opened));
        }
    }
    if (doors_.empty()) return error(failure::invalid, "there is no address to listen on");
    const std::string bound_to = joined(addresses(), ",");
    environment_.log.write_always(log_level::info, "listening", {{"addresses", bound_to}});
    const auto unused = not_among(addresses(), wanted);
    if (handed_over_ && !unused.empty()) {
        environment_.log.write(log_level::warning,
                               "the service manager holds the addresses (nodescope.socket): these of --listen are not "
                               "listened on",
                               {{"addresses", joined(unused, ",")}});
    }
    return {};
}

result<listen_address> asio_server::allowed_address(const std::string& text) const
{
    auto address = parse_listen_address(text);
    if (!address) return address;
    if (const auto allowed = environment_.security.admission->may_listen(*address); !allowed) return allowed.error();
    return address;
}

result<void> asio_server::check_addresses() const
{
    for (const std::string& text : environment_.options.listen) {
        if (const auto address = allowed_address(text); !address) return address.error();
    }
    return {};
}

void asio_server::reconfigure(const server_options& options)
{
    environment_.options = options;
    environment_.origins = origin_rules(options.allowed_hosts, options.allowed_origins);
}

task<> asio_server::serve()
{
    for (doorway& one : doors_) {
        start(one.accept());
        start(one.let_in());
    }
    while (running_ > 0 || !connections_.empty()) {
        [[maybe_unused]] const wait_end how = co_await changed_.wait(deadline::in(long_wait));
    }
    drain_end_.cancel();
    connections_.end_peer_check();
}

void asio_server::start(task<> work)
{
    ++running_;
    asio::co_spawn(executor_, std::move(work), [this](const std::exception_ptr&) {
        --running_;
        changed_.notify();
    });
}

void asio_server::stop(deadline until)
{
    environment_.draining = true;
    for (doorway& one : doors_) one.close();
    connections_.for_each([](session& one) { one.drain(); });
    drain_end_.expires_at(until.at());
    drain_end_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled) return;
        connections_.for_each([](session& one) { one.cut(); });
    });
}

}  // namespace

std::unique_ptr<server> make_server(asio::any_io_executor executor, server_options options, std::vector<route> routes,
                                    server_security guards, traffic memory, logger& log)
{
    return std::make_unique<asio_server>(std::move(executor), std::move(options), std::move(routes), std::move(guards),
                                         std::move(memory), log);
}

}  // namespace nodescope::http
