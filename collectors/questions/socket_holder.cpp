#include "collectors/questions/socket_holder.hpp"

#include "collectors/host/node/sys_file.hpp"
#include "collectors/host/proc/held_sockets.hpp"
#include "collectors/host/proc/process_walk.hpp"
#include "core/text.hpp"
#include "core/unique_fd.hpp"
#include "core/worker_pool.hpp"
#include "netlink/read/tcp_sockets.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace nodescope {

namespace {

socket_holder holder_of(const netlink::tcp_socket& socket)
{
    socket_holder holder;
    holder.uid = socket.uid;
    holder.inode = socket.inode;
    return holder;
}

result<socket_holder> unix_peer(int connected)
{
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (::getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return from_errno(errno, "SO_PEERCRED");
    socket_holder holder;
    holder.uid = peer.uid;
    holder.pid = peer.pid;
    return holder;
}

std::optional<netlink::endpoint> name_of(int descriptor, decltype(::getsockname)* ask)
{
    sockaddr_storage name{};
    socklen_t size = sizeof(name);
    if (ask(descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0) return std::nullopt;
    return netlink::endpoint_of(name);
}

/// Of the process that holds a TCP socket.
pid_t find_process(std::uint32_t inode, const std::string& root, deadline limit)
{
    pid_t found = 0;
    host::descriptor_allowance allowed;
    allowed.is_over = [limit] { return limit.passed(); };
    const abandon_flag never;
    const auto visit = [&](const host::walked_process& one) {
        const auto holds = host::blocking_holds_socket(one.directory, inode, allowed, one.name);
        if (holds && *holds) found = one.pid;
        return holds && *holds;
    };
    // One is enough.
    [[maybe_unused]] const auto walked =
        host::blocking_walk_processes(root, "who holds a socket", 1, limit, never, visit);
    return found;
}

}  // namespace

result<socket_holder> blocking_find_answerer(int connected)
{
    sockaddr_storage family{};
    socklen_t size = sizeof(family);
    if (::getsockname(connected, reinterpret_cast<sockaddr*>(&family), &size) != 0) {
        return from_errno(errno, "getsockname");
    }
    if (family.ss_family == AF_UNIX) return unix_peer(connected);
    const auto ours = name_of(connected, ::getsockname);
    const auto theirs = name_of(connected, ::getpeername);
    if (!ours || !theirs) return error(failure::gone, "the connection was closed");
    if (!theirs->is_loopback()) return error(failure::invalid, "the other end is not on this machine");
    auto accepted = netlink::blocking_find_connected(*theirs, *ours);
    if (accepted) return holder_of(*accepted);
    if (accepted.error().kind() != failure::gone) return accepted.error();
    // Not accepted yet: whoever listens has it in line.
    const auto listening = netlink::blocking_find_listener(*theirs);
    // Unless they accepted it meanwhile, and somebody else listens by now.
    accepted = netlink::blocking_find_connected(*theirs, *ours);
    if (accepted) return holder_of(*accepted);
    if (!listening) return listening.error();
    return holder_of(*listening);
}

result<socket_holder> blocking_find_holder(const netlink::endpoint& address)
{
    auto found = netlink::blocking_find_listener(address);
    netlink::endpoint loopback = address;
    const in_addr v4{htonl(INADDR_LOOPBACK)};
    if (address.is_v4() && std::memcmp(address.bytes().data(), "\0\0\0\0", sizeof(in_addr)) == 0) {
        loopback = netlink::endpoint_of(AF_INET, &v4, address.port);
    } else if (IN6_IS_ADDR_UNSPECIFIED(&address.address)) {
        loopback = netlink::endpoint_of(AF_INET6, &in6addr_loopback, address.port);
    }
    if (!found && !(loopback == address)) found = netlink::blocking_find_listener(loopback);
    if (!found) return found.error();
    return holder_of(*found);
}

result<socket_holder> blocking_find_holder(const std::string& path)
{
    const unique_fd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (!connection || path.size() >= sizeof(address.sun_path)) return from_errno(ENAMETOOLONG, "connect");
    std::memcpy(address.sun_path, path.data(), path.size());
    if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        return from_errno(errno, "connect");
    }
    return unix_peer(connection.get());
}

std::string blocking_describe(const socket_holder& holder, const std::string& root, deadline limit)
{
    std::string user = fmt::format("uid {}", holder.uid);
    const pid_t pid = holder.pid > 0 || holder.inode == 0 ? holder.pid : find_process(holder.inode, root, limit);
    if (pid <= 0) return user;
    const auto name = host::blocking_word({root, fmt::format("/proc/{}/comm", pid)});
    return fmt::format("{}, process {} ({})", user, pid, escape_untrusted(name.value_or("?")));
}

}  // namespace nodescope
