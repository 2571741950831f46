#include "server/auth/local_peer.hpp"

#include "core/url_text.hpp"

#include <netinet/in.h>

namespace nodescope::auth {

result<local_caller> blocking_find_caller(const local_recognition& by, const loopback_ends& ends,
                                          const std::function<bool(uid_t)>& matters, deadline limit,
                                          const abandon_flag& abandoned)
{
    const auto owner = by.find_owner(ends);
    if (!owner) return owner.error();
    local_caller found;
    found.uid = owner->uid;
    if (!matters(owner->uid)) return found;
    found.forwarder = by.find_forwarder(ends, *owner, limit, abandoned);
    if (!found.forwarder && found.forwarder.error().kind() == failure::gone) return found.forwarder.error();
    return found;
}

std::optional<loopback_ends> ends_of_loopback(const http::peer_info& peer, int descriptor)
{
    if (!is_loopback(peer.remote)) return std::nullopt;
    loopback_ends ends{{}, peer.remote, steady_clock::now()};
    socklen_t size = sizeof(ends.ours);
    if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&ends.ours), &size) != 0 || !is_loopback(ends.ours)) {
        return std::nullopt;
    }
    return ends;
}

}  // namespace nodescope::auth
