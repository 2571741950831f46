#include "collectors/questions/peer_socket.hpp"

namespace nodescope {

result<netlink::tcp_socket> peer_sockets::blocking_find(const sockaddr_storage& ours, const sockaddr_storage& peers)
{
    const auto here = netlink::endpoint_of(ours);
    const auto there = netlink::endpoint_of(peers);
    if (!here || !there) return error(failure::invalid, "local peer: not an IP connection");
    // Seen from the peer's socket.
    auto found = finder_.blocking_find_connected(*there, *here);
    if (!found) return error(found.error().kind(), "local peer: " + found.error().message());
    return found;
}

}  // namespace nodescope
