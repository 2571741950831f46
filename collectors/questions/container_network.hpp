// Which network namespace is the container's. That of its first process says little where that process may call
// unshare() or setns(): then it shows a network of its own making, while others of the container use the real one.
#pragma once

#include "collectors/host/cgroup/container_search.hpp"
#include "collectors/host/proc/process_handle.hpp"
#include "collectors/runtime/container.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/net_namespace.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nodescope {

struct container_network {
    container_network(host::process_handle p, netlink::net_namespace s) : process(std::move(p)), space(std::move(s)) {}
    host::process_handle process;  ///< one of the container that is in it
    netlink::net_namespace space;
    std::string note;  ///< what is odd about it, and which processes; empty when nothing is
};

/// Of the container's processes this many are looked at where no runtime tells the namespace; one stat() each.
inline constexpr std::size_t network_witnesses = 256;

/// Which of these is the oldest, by the cookies that the kernel gave them (SO_NETNS_COOKIE; 0: not told). Nothing where
/// the kernel does not say: each processor hands out batches of its own, and who makes namespaces may choose the
/// processor, so cookies of different batches tell no order. Pure.
std::optional<std::size_t> oldest_network(const std::vector<std::uint64_t>& cookies);

/// The namespace that the runtime set up (container::network_file). Where it does not tell, of those that the processes
/// of the container's cgroup are in the one that is mounted where the node's process 1 sees it, else the oldest, else
/// that of `init`. How many processes are in one says nothing. The node's own is not taken from another process. `init`
/// is proved to be the container's, and alive. Failures as of net_namespace::of_process(). Where the runtime tells and
/// `init` is in that namespace, nobody else is looked at. Blocking: for pool threads, in the service's own namespace.
result<container_network> blocking_find_network(const std::string& root, host::process_handle init,
                                                const container& owner, deadline limit, const abandon_flag& abandoned);

/// Those that the kernel has in the container's cgroup, by the cgroup of `init`, which is proved to be the container's;
/// the first process first. None where the cgroups cannot be read.
std::vector<host::cgroup_process> blocking_processes_of_container(const std::string& root,
                                                                  const host::process_handle& init,
                                                                  const std::string& id, deadline limit,
                                                                  const abandon_flag& abandoned);

/// The one that a runtime has mounted on a path of the node; none where no network is mounted there, where that is not
/// to be seen from here, and of Docker's "default". Blocking: for pool threads.
std::optional<netlink::namespace_identity> network_mounted_on(const std::string& root, const std::string& path);
/// The one that a process is in now, whichever process has that number; none where it may not be looked at. Blocking.
std::optional<netlink::namespace_identity> network_of_process(const std::string& root, pid_t pid);

/// Whether it is the node's own: that of the root's process 1, or, where that may not be looked at, the one this
/// service runs in.
bool is_node_network(const std::string& root, netlink::namespace_identity space);

}  // namespace nodescope
