#include "server/http/http_server.hpp"

#include "server/http/listener.hpp"
#include "server/http/session.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <cerrno>
#include <exception>
#include <list>
#include <map>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace nodescope::http {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// How long nothing is accepted when there is no descriptor left.
constexpr milliseconds accept_pause{100};

/// Connections taken before the sessions get their turn again.
constexpr int accept_batch = 16;

/// From the client's end to the end of the work done for it must be no more than 100 ms.
constexpr milliseconds peer_check_interval{40};

peer_info identify(int descriptor, const sockaddr_storage& from)
{
    peer_info peer;
    peer.remote = from;
    std::array<char, INET6_ADDRSTRLEN> host{};
    if (from.ss_family == AF_INET) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(&from);
        inet_ntop(AF_INET, &v4->sin_addr, host.data(), host.size());
        peer.address = host.data();
        peer.text = fmt::format("{}:{}", peer.address, ntohs(v4->sin_port));
    } else if (from.ss_family == AF_INET6) {
        const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&from);
        inet_ntop(AF_INET6, &v6->sin6_addr, host.data(), host.size());
        peer.address = host.data();
        peer.text = fmt::format("[{}]:{}", peer.address, ntohs(v6->sin6_port));
    } else {
        ucred credentials{};
        socklen_t size = sizeof(credentials);
        const bool known = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0;
        peer.text = known ? fmt::format("unix:uid={}", credentials.uid) : "unix:uid=?";
    }
    return peer;
}

class asio_server final : public server {
public:
    asio_server(asio::any_io_executor executor, server_options options, std::vector<route> routes,
                server_security guards, logger& log)
        : executor_(std::move(executor)),
          environment_(std::move(options), std::move(routes), std::move(guards), log),
          ended_(executor_),
          drain_end_(executor_),
          peer_check_(executor_)
    {
        environment_.on_handling = [this] { start_peer_check(); };
    }

    result<void> adopt(unique_fd socket) override;
    result<void> listen() override;
    [[nodiscard]] result<void> check_addresses() const override;
    void reconfigure(const server_options& options) override;
    task<> serve() override;
    void stop(deadline limit) override;

    [[nodiscard]] std::vector<std::string> addresses() const override
    {
        std::vector<std::string> names;
        for (const bound& one : listeners_) names.push_back(one.socket.name());
        return names;
    }
    [[nodiscard]] std::size_t connections() const noexcept override { return sessions_.size(); }
    [[nodiscard]] const server_statistics& statistics() const noexcept override { return environment_.statistics; }

private:
    struct bound {
        bound(listener opened, const asio::any_io_executor& executor)
            : socket(std::move(opened)), readable(executor, socket.take_socket().release())
        {
        }
        listener socket;  // its name, and its file if it has one
        asio::posix::stream_descriptor readable;
    };
    struct connection {
        std::shared_ptr<session> served;
        std::string peer_address;
    };

    result<void> bind_one(const std::string& text);
    task<> accept_from(bound& from);
    bool accept_one(bound& from);
    void admit(unique_fd socket, const sockaddr_storage& from);
    [[nodiscard]] bool has_room_for(const std::string& peer_address) const;
    void for_each_session(const std::function<void(session&)>& act);
    void forget(std::list<connection>::iterator ended);
    void notify_if_ended();
    void start_peer_check();
    void check_peers();

    asio::any_io_executor executor_;
    session_environment environment_;
    std::list<bound> listeners_;  // a list: accept_from() keeps a reference
    std::list<connection> sessions_;
    std::map<std::string, std::size_t, std::less<>> per_peer_;
    std::size_t accepting_ = 0;
    bool out_of_descriptors_ = false;
    asio::steady_timer ended_;
    asio::steady_timer drain_end_;
    asio::steady_timer peer_check_;
    bool peer_check_running_ = false;
};

result<void> asio_server::adopt(unique_fd socket)
{
    auto adopted = listener::adopt(std::move(socket));
    if (!adopted) return adopted.error();
    // A Unix socket may have a name that is no path (abstract), but it is always local.
    if (!adopted->name().starts_with("unix:")) {
        const auto address = parse_listen_address(adopted->name());
        if (!address) return address.error();
        if (auto allowed = environment_.security.admission->may_listen(*address); !allowed) return allowed;
    }
    listeners_.emplace_back(std::move(*adopted), executor_);
    return {};
}

result<void> asio_server::listen()
{
    if (listeners_.empty()) {
        for (const std::string& text : environment_.options.listen) {
            if (const auto opened = bind_one(text); !opened) return opened.error();
        }
    }
    if (listeners_.empty()) return error(failure::invalid, "there is no address to listen on");
    const std::string bound_to = fmt::format("{}", fmt::join(addresses(), ","));
    environment_.log.write_always(log_level::info, "listening", {{"addresses", bound_to}});
    return {};
}

result<void> asio_server::bind_one(const std::string& text)
{
    const auto address = parse_listen_address(text);
    if (!address) return address.error();
    if (auto allowed = environment_.security.admission->may_listen(*address); !allowed) return allowed;
    auto opened = listener::open(*address);
    if (!opened) return opened.error();
    listeners_.emplace_back(std::move(*opened), executor_);
    return {};
}

result<void> asio_server::check_addresses() const
{
    for (const std::string& text : environment_.options.listen) {
        const auto address = parse_listen_address(text);
        if (!address) return address.error();
        if (auto allowed = environment_.security.admission->may_listen(*address); !allowed) return allowed;
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
    for (bound& from : listeners_) {
        ++accepting_;
        asio::co_spawn(executor_, accept_from(from), [this](const std::exception_ptr&) {
            --accepting_;
            notify_if_ended();
        });
    }
    while (accepting_ > 0 || !sessions_.empty()) {
        ended_.expires_at(asio::steady_timer::time_point::max());
        co_await ended_.async_wait(as_result);
    }
    drain_end_.cancel();
    peer_check_.cancel();
}

void asio_server::stop(deadline limit)
{
    environment_.draining = true;
    for (bound& from : listeners_) {
        // Not close(): for that, Asio leaves the descriptor in its epoll set, counting on the kernel to take it out.
        // The kernel does not while the service manager holds the same socket, and would report on freed memory.
        if (from.readable.is_open()) const unique_fd ours(from.readable.release());
    }
    for_each_session([](session& one) { one.drain(); });
    drain_end_.expires_at(limit.at());
    drain_end_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled) return;
        for_each_session([](session& one) { one.cut(); });
    });
    notify_if_ended();
}

/// Waits for connections and takes them, until stop() closes the socket.
task<> asio_server::accept_from(bound& from)
{
    asio::steady_timer pause(executor_);
    while (!environment_.draining) {
        auto [failed] = co_await from.readable.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
        if (failed) continue;
        for (int taken = 0; taken < accept_batch && accept_one(from);) ++taken;
        if (!std::exchange(out_of_descriptors_, false)) continue;
        pause.expires_after(accept_pause);
        co_await pause.async_wait(as_result);
    }
}

/// False when there is nothing to take, or nothing to take it with.
bool asio_server::accept_one(bound& from)
{
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    unique_fd socket(accept4(from.readable.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
        admit(std::move(socket), peer);
        return true;
    }
    switch (errno) {
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ENOBUFS:
            // The connection stays in the queue, so the socket stays readable: without a pause this would spin.
            ++environment_.statistics.accept_pauses;
            environment_.log.write(log_level::warning, "cannot accept a connection",
                                   {{"address", from.socket.name()}, {"error", from_errno(errno, "accept").message()}});
            out_of_descriptors_ = true;
            return false;
        case EAGAIN:
        case EBADF: return false;
        default: return true;  // the connection failed before it was taken (accept(2)): the next one may be sound
    }
}

void asio_server::admit(unique_fd socket, const sockaddr_storage& from)
{
    peer_info peer = identify(socket.get(), from);
    if (!has_room_for(peer.address)) {
        ++environment_.statistics.connections_refused;
        environment_.log.write(log_level::warning, "too many connections",
                               {{"peer", peer.text}, {"connections", sessions_.size()}});
        return;
    }
    boost::system::error_code failed;
    transport::socket_type stream(executor_);
    stream.assign(asio::generic::stream_protocol(from.ss_family, 0), socket.get(), failed);
    if (failed) return;
    static_cast<void>(socket.release());

    ++environment_.statistics.connections;
    if (!peer.address.empty()) ++per_peer_[peer.address];
    const transport::tls_context tls = from.ss_family == AF_UNIX ? nullptr : environment_.tls();
    std::string address = peer.address;
    auto served = std::make_shared<session>(environment_, std::move(stream), tls, std::move(peer));
    const auto place = sessions_.emplace(sessions_.end());
    place->served = served;
    place->peer_address = std::move(address);
    asio::co_spawn(executor_, served->run(),
                   asio::bind_cancellation_slot(served->cancellation(),
                                                [this, place](const std::exception_ptr&) { forget(place); }));
}

bool asio_server::has_room_for(const std::string& peer_address) const
{
    if (sessions_.size() >= environment_.options.max_connections) return false;
    const auto counted = per_peer_.find(peer_address);
    return counted == per_peer_.end() || counted->second < environment_.options.max_connections_per_peer;
}

void asio_server::forget(std::list<connection>::iterator ended)
{
    if (const auto counted = per_peer_.find(ended->peer_address); counted != per_peer_.end()) {
        if (--counted->second == 0) per_peer_.erase(counted);
    }
    sessions_.erase(ended);
    notify_if_ended();
}

/// A session may end, and leave the list, while it is acted upon.
void asio_server::for_each_session(const std::function<void(session&)>& act)
{
    for (auto next = sessions_.begin(); next != sessions_.end();) {
        const std::shared_ptr<session> one = (next++)->served;
        act(*one);
    }
}

void asio_server::notify_if_ended()
{
    if (accepting_ == 0 && sessions_.empty()) ended_.cancel();
}

/// While any route is asked, one look at all their sockets every few milliseconds: cheaper than a wait of its own for
/// each request, and it sees the end of a client that has sent another request ahead (which a read would not).
void asio_server::start_peer_check()
{
    if (std::exchange(peer_check_running_, true)) return;
    peer_check_.expires_after(peer_check_interval);
    peer_check_.async_wait([this](const boost::system::error_code& cancelled) {
        peer_check_running_ = false;
        if (!cancelled) check_peers();
    });
}

void asio_server::check_peers()
{
    std::vector<pollfd> sockets;
    std::vector<std::shared_ptr<session>> asking;
    for (const connection& one : sessions_) {
        if (!one.served->handling()) continue;
        pollfd entry{};
        entry.fd = one.served->descriptor();
        entry.events = POLLRDHUP;
        sockets.push_back(entry);
        asking.push_back(one.served);
    }
    if (sockets.empty()) return;
    start_peer_check();
    if (::poll(sockets.data(), sockets.size(), 0) <= 0) return;
    for (std::size_t i = 0; i < sockets.size(); ++i) {
        if (sockets[i].revents != 0) asking[i]->peer_gone();
    }
}

}  // namespace

std::unique_ptr<server> make_server(asio::any_io_executor executor, server_options options, std::vector<route> routes,
                                    server_security guards, logger& log)
{
    return std::make_unique<asio_server>(std::move(executor), std::move(options), std::move(routes), std::move(guards),
                                         log);
}

}  // namespace nodescope::http
