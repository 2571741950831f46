#include "collectors/questions/forwarded_socket.hpp"

#include "collectors/host/cgroup/cgroup_number.hpp"
#include "collectors/host/proc/held_sockets.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace nodescope {

namespace {

/// Of the root of the v2 hierarchy (kernfs numbers from 1). It also stands for "not known": kernels before 5.15 give it
/// to all sockets once net_cls or net_prio of v1 is in use (cgroup_sk_alloc_disable, kernel/cgroup/cgroup.c).
constexpr std::uint64_t root_cgroup = 1;

error cannot_tell(const error& why)
{
    // What is gone here is /proc or one of its files. The socket is not.
    const failure kind = why.kind() == failure::gone ? failure::unavailable : why.kind();
    return error(kind, fmt::format("local peer: whether a container runtime connects for somebody else cannot be "
                                   "found out: {}",
                                   why.message()));
}

}  // namespace

result<std::optional<std::string>> forwarded_sockets::blocking_find_forwarder(
    const sockaddr_storage& ours, const sockaddr_storage& peers, const netlink::tcp_socket& peer,
    steady_clock::time_point since, deadline limit, const std::function<bool()>& abandoned)
{
    const auto suspects = processes_.blocking_find(peer.uid, since, limit, abandoned);
    if (!suspects) return cannot_tell(suspects.error());
    host::descriptor_allowance allowed;
    allowed.is_over = [&] { return abandoned() || limit.passed(); };
    for (const host::forwarding_process& one : *suspects) {
        const std::string shown = fmt::format("{} (process {})", escape_untrusted(one.name), one.pid);
        const auto home =
            peer.cgroup ? host::blocking_cgroup_number(root_, one.directory.get(), one.pid) : std::nullopt;
        if (home && *peer.cgroup != root_cgroup && *home != *peer.cgroup) continue;
        const auto holds = host::blocking_holds_socket(one.directory.get(), peer.inode, allowed, shown);
        if (holds && *holds) return std::optional(shown);
        // A service has a cgroup of its own, and what is made in it is its.
        const bool made_there = home && *home == *peer.cgroup && *peer.cgroup != root_cgroup;
        if (!holds && holds.error().kind() == failure::denied && made_there) return std::optional(shown);
        if (!holds) return cannot_tell(holds.error());
    }
    // Whoever held it may have closed it, and been looked at after that.
    const auto still = sockets_.blocking_find(ours, peers);
    if (!still) return still.error();
    if (still->inode != peer.inode) return error(failure::gone, "local peer: the connection is another's now");
    return std::optional<std::string>();
}

}  // namespace nodescope
