#include "server/run/local_callers.hpp"

#include "collectors/questions/forwarded_socket.hpp"
#include "collectors/questions/peer_socket.hpp"

#include <memory>

namespace nodescope {

auth::local_recognition recognise_by_sockets(const std::string& root)
{
    auth::local_recognition how;
    how.find_owner =
        [sockets = std::make_shared<peer_sockets>()](const auth::loopback_ends& ends) -> result<auth::socket_owner> {
        const auto found = sockets->blocking_find(ends.ours, ends.peers);
        if (!found) return found.error();
        return auth::socket_owner{found->uid, found->inode, found->cgroup};
    };
    how.find_forwarder = [forwarded = std::make_shared<forwarded_sockets>(root)](
                             const auth::loopback_ends& ends, const auth::socket_owner& owner, deadline limit,
                             const abandon_flag& abandoned) -> result<std::string> {
        netlink::tcp_socket peer;
        peer.uid = owner.uid;
        peer.inode = owner.inode;
        peer.cgroup = owner.cgroup;
        auto found = forwarded->blocking_find_forwarder(ends.ours, ends.peers, peer, ends.seen_at, limit,
                                                        [&abandoned] { return abandoned.raised(); });
        if (!found) return found.error();
        return std::move(*found).value_or("");
    };
    return how;
}

}  // namespace nodescope
