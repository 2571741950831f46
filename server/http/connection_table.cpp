#include "server/http/connection_table.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

namespace nodescope::http {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

/// From the client's end to the end of the work done for it must be no more than 100 ms.
constexpr milliseconds peer_check_interval{40};

}  // namespace

connection_table::connection_table(asio::any_io_executor executor, session_environment& environment,
                                   std::function<void()> on_end)
    : executor_(std::move(executor)), environment_(environment), on_end_(std::move(on_end)), peer_check_(executor_)
{
    environment_.on_handling = [this] { start_peer_check(); };
}

void connection_table::admit(arrival newcomer)
{
    peer_info& peer = newcomer.peer;
    if (!make_room_for(peer)) {
        ++environment_.statistics.connections_refused;
        environment_.log.write(log_level::warning, "too many connections",
                               {{"peer", peer.text}, {"connections", connections_.size()}});
        return;
    }
    const auto family = peer.remote.ss_family;
    boost::system::error_code failed;
    transport::socket_type stream(executor_);
    stream.assign(asio::generic::stream_protocol(family, 0), newcomer.socket.get(), failed);
    if (failed) return;
    static_cast<void>(newcomer.socket.release());

    ++environment_.statistics.connections;
    places_.take(peer);
    const transport::tls_context tls = family == AF_UNIX ? nullptr : environment_.tls();
    const key its{number_of(peer), next_turn_++};
    connection opened;
    opened.since = steady_clock::now();
    opened.served = std::make_shared<session>(environment_, std::move(stream), tls, std::move(peer));
    const std::shared_ptr<session> served = opened.served;
    const auto place = connections_.emplace(its, std::move(opened)).first;
    asio::co_spawn(executor_, served->run(),
                   asio::bind_cancellation_slot(served->cancellation(),
                                                [this, place](const std::exception_ptr&) { forget(place); }));
}

bool connection_table::make_room_for(const peer_info& newcomer)
{
    connection_places::limits now;
    now.all = environment_.options.max_connections;
    now.per_peer = environment_.options.max_connections_per_peer;
    now.keeps_for_admitted = environment_.security.admission->knows_admitted();
    for (;;) {
        const auto lack = places_.for_newcomer(newcomer, now);
        if (lack == connection_places::shortage::none) return true;
        connection* const ending = to_give_way(newcomer, lack);
        if (ending == nullptr) return false;
        ++environment_.statistics.connections_refused;
        vacate(*ending);
        const std::shared_ptr<session> cut = ending->served;
        cut->cut();
    }
}

/// Only connections without a request that passed the gate: who has something to ask has asked before others need the
/// place.
connection_table::connection* connection_table::to_give_way(const peer_info& newcomer, connection_places::shortage lack)
{
    holders_.clear();
    held_by_.clear();
    for (auto& [its, one] : connections_) {
        if (!one.has_place || !one.served->expendable()) continue;
        const peer_info& peer = one.served->peer();
        if (!connection_places::can_replace(lack, newcomer, peer)) continue;
        place_holder& holder = holders_.emplace_back();
        holder.who = its.who;
        holder.turn = its.turn;
        holder.since = one.since;
        holder.greeted = one.served->greeted();
        holder.admitted = peer.standing == standing::admitted;
        held_by_.push_back(&one);
    }
    place_holder wanted;
    wanted.who = number_of(newcomer);
    wanted.turn = next_turn_;
    wanted.since = steady_clock::now();
    wanted.admitted = newcomer.standing == standing::admitted;
    const auto chosen = choose_to_give_way(holders_, wanted);
    return chosen ? held_by_[*chosen] : nullptr;
}

void connection_table::vacate(connection& one)
{
    if (std::exchange(one.has_place, false)) places_.leave(one.served->peer());
}

void connection_table::forget(std::map<key, connection>::iterator ended)
{
    vacate(ended->second);
    connections_.erase(ended);
    on_end_();
}

void connection_table::for_each(const std::function<void(session&)>& act)
{
    for (auto next = connections_.begin(); next != connections_.end();) {
        const std::shared_ptr<session> one = (next++)->second.served;
        act(*one);
    }
}

/// While any route is called, one look at all their sockets every few milliseconds: cheaper than a wait of its own for
/// each request, and it sees the end of a client that has sent another request ahead (which a read would not).
void connection_table::start_peer_check()
{
    if (std::exchange(peer_check_running_, true)) return;
    peer_check_.expires_after(peer_check_interval);
    peer_check_.async_wait([this](const boost::system::error_code& cancelled) {
        peer_check_running_ = false;
        if (!cancelled) check_peers();
    });
}

void connection_table::check_peers()
{
    std::vector<pollfd> sockets;
    std::vector<std::shared_ptr<session>> watched;
    for (const auto& one : connections_) {
        const std::shared_ptr<session>& served = one.second.served;
        if (!served->handling()) continue;
        sockets.push_back({served->descriptor(), POLLRDHUP, 0});
        watched.push_back(served);
    }
    if (sockets.empty()) return;
    start_peer_check();
    if (::poll(sockets.data(), sockets.size(), 0) <= 0) return;
    for (std::size_t i = 0; i < sockets.size(); ++i) {
        if (sockets[i].revents != 0) watched[i]->peer_gone();
    }
}

}  // namespace nodescope::http
