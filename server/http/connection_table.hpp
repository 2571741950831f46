// The connections that are open: who gets a place, who gives way to a newcomer, and whose client has gone away. What
// comes over a connection is the session's. Reactor thread only.
#pragma once

#include "core/deadline.hpp"
#include "server/http/caller_key.hpp"
#include "server/http/gate.hpp"
#include "server/http/giving_way.hpp"
#include "server/http/places.hpp"
#include "server/http/session.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace nodescope::http {

class connection_table {
public:
    /// `environment` outlives the table, and gets its on_handling from it. `on_end` is called after a connection has
    /// ended and left the table.
    connection_table(boost::asio::any_io_executor executor, session_environment& environment,
                     std::function<void()> on_end);

    /// Serves the newcomer from now on, if there is a place for it or somebody gives way; else it is closed.
    void admit(arrival newcomer);

    [[nodiscard]] std::size_t size() const noexcept { return connections_.size(); }
    [[nodiscard]] bool empty() const noexcept { return connections_.empty(); }
    /// A session may end, and leave the table, while it is acted upon.
    void for_each(const std::function<void(session&)>& act);
    /// Nobody is served any more.
    void end_peer_check() { peer_check_.cancel(); }

private:
    /// In this order choose_to_give_way() wants them.
    struct key {
        caller_number who;
        std::uint64_t turn = 0;
        // As in caller_key.hpp.
        friend auto operator<=>(const key&, const key&) = default;  // NOLINT(modernize-use-nullptr)
    };
    struct connection {
        std::shared_ptr<session> served;
        steady_clock::time_point since;
        bool has_place = true;  // false: it gave way to another, and is ending
    };

    [[nodiscard]] bool make_room_for(const peer_info& newcomer);
    [[nodiscard]] connection* to_give_way(const peer_info& newcomer, connection_places::shortage lack);
    void vacate(connection& one);
    void forget(std::map<key, connection>::iterator ended);
    void start_peer_check();
    void check_peers();

    boost::asio::any_io_executor executor_;
    session_environment& environment_;
    std::function<void()> on_end_;
    std::map<key, connection> connections_;
    std::uint64_t next_turn_ = 0;
    connection_places places_;
    boost::asio::steady_timer peer_check_;
    bool peer_check_running_ = false;
    // Of to_give_way(), kept for their memory.
    std::vector<place_holder> holders_;
    std::vector<connection*> held_by_;
};

}  // namespace nodescope::http
