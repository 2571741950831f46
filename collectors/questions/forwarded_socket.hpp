// Whether the other end of a connection within this machine is held by a program that connects for others. Blocking:
// for pool threads.
#pragma once

#include "collectors/host/proc/forwarding_processes.hpp"
#include "collectors/questions/peer_socket.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "netlink/model/tcp_socket.hpp"

#include <sys/socket.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace nodescope {

class forwarded_sockets {
public:
    explicit forwarded_sockets(std::string root) : root_(root), processes_(std::move(root)) {}

    /// Who holds `peer`, which peer_sockets::blocking_find(ours, peers) gave, if it connects for others: "containerd
    /// (process 7)". Nothing when nobody like that does. The cgroup that the socket was made in rules processes out
    /// where the kernel gives it (cgroup v2); of the others the descriptors are looked through. failure::gone when the
    /// socket was closed meanwhile; other failures when it cannot be told. `since`: when they were connected already.
    result<std::optional<std::string>> blocking_find_forwarder(const sockaddr_storage& ours,
                                                               const sockaddr_storage& peers,
                                                               const netlink::tcp_socket& peer,
                                                               steady_clock::time_point since, deadline limit,
                                                               const std::function<bool()>& abandoned);

private:
    const std::string root_;
    host::forwarding_processes processes_;
    peer_sockets sockets_;
};

}  // namespace nodescope
