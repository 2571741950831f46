// Who has just connected: before a connection takes one of the places that are limited.
#include "server/auth/caller_check.hpp"
#include "server/http/caller_key.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::auth {

namespace {

/// The kernel needs microseconds. While it takes longer nobody else is accepted, so the wait is short: whoever is not
/// recognised in it is a stranger, and is looked up again when it asks.
constexpr std::chrono::milliseconds recognition_limit{500};

struct waiting_arrival {
    std::size_t index;  ///< among the arrivals
    loopback_ends ends;
};

std::vector<waiting_arrival> loopback_connections(const std::vector<http::arrival>& arrived)
{
    std::vector<waiting_arrival> found;
    for (std::size_t index = 0; index < arrived.size(); ++index) {
        const http::arrival& one = arrived[index];
        if (const auto ends = ends_of_loopback(one.peer, one.socket.get())) found.push_back({index, *ends});
    }
    return found;
}

void place(const check_environment& environment, http::peer_info& peer)
{
    // With another method any user may turn out to be allowed.
    const bool told_apart = environment.options.methods == std::vector<std::string>{"local-peer"};
    const bool by_unix_socket = peer.remote.ss_family == AF_UNIX;
    const bool is_forwarded = !peer.forwarder.value_or("").empty();
    const bool admitted = peer.uid && environment.options.admits_user(*peer.uid) && !is_forwarded;
    if (admitted && (by_unix_socket || peer.forwarder)) peer.standing = http::standing::admitted;
    else if (!admitted && told_apart && !by_unix_socket) peer.standing = http::standing::stranger;
    if (!by_unix_socket) peer.limited_by = http::caller_key(peer);
}

}  // namespace

task<> recognise_callers(check_environment& environment, std::vector<http::arrival>& arrived)
{
    std::vector<waiting_arrival> asked = loopback_connections(arrived);
    for (http::arrival& one : arrived) {
        if (one.peer.remote.ss_family == AF_UNIX) place(environment, one.peer);
    }
    if (asked.empty()) co_return;
    // One visit to a worker for all that have come together.
    using callers = std::vector<std::optional<local_caller>>;
    const deadline limit = deadline::in(recognition_limit);
    auto work = [asked, limit, by = environment.local,
                 matters = environment.asks_for_forwarder()](const abandon_flag& abandoned) {
        callers found(asked.size());
        for (std::size_t i = 0; i < asked.size() && !abandoned.raised(); ++i) {
            auto one = blocking_find_caller(by, asked[i].ends, matters, limit, abandoned);
            if (one) found[i] = std::move(*one);
        }
        return result<callers>(std::move(found));
    };
    const auto found = co_await environment.workers.run("who connects", limit, std::move(work));
    for (std::size_t i = 0; i < asked.size(); ++i) {
        http::peer_info& peer = arrived[asked[i].index].peer;
        if (found && (*found)[i]) {
            peer.uid = (*found)[i]->uid;
            if ((*found)[i]->forwarder) peer.forwarder = *(*found)[i]->forwarder;
        }
        place(environment, peer);
    }
}

}  // namespace nodescope::auth
