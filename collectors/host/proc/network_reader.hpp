// The counters of a container's network, seen through one of its processes: interfaces and, where asked for, sockets by
// state; and the descriptors of processes. Blocking: for pool threads.
#pragma once

#include "collectors/host/proc/proc_text.hpp"
#include "collectors/host/proc/process_handle.hpp"
#include "collectors/host/usage.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/unique_fd.hpp"
#include "core/worker_pool.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace nodescope::host {

/// Holds /proc/PID and nothing of the network itself: a dead container's namespace is not kept alive. One thread at a
/// time, any thread.
class network_reader {
public:
    /// The process must be known to be the container's (belongs_to_container): its number may have a new owner.
    network_reader(process_handle process, network_owner whose)
        : directory_(process.take_directory()), shown_(process.shown()), whose_(whose)
    {
    }

    /// failure::gone when the process has ended, whoever has its number then. Loopback is left out, and on the node
    /// what runtimes make there ("veth…", "docker…", "nerdctl…"). `sockets`: those of TCP and UDP too, for each of
    /// which the kernel walks its whole table. Without IPv6 tcp6 and udp6 stay 0. Blocking.
    [[nodiscard]] result<network_usage> blocking_read(deadline limit, const abandon_flag& abandoned,
                                                      bool sockets = false) const;

private:
    unique_fd directory_;
    std::string shown_;
    network_owner whose_;
};

/// How many descriptors a process may have. None when it has ended, or may not be looked at.
std::optional<resource_limit> blocking_read_open_files_limit(const std::string& root, pid_t pid);

/// Adds the open descriptors of `processes` to usage.fd_count and those that are sockets to usage.socket_count, and
/// counts the processes that are still there in process_count. One readlink a descriptor: only where asked for. It
/// takes what it reads off `links`; when they are used up, sockets are counted no more, and descriptors only where the
/// kernel says their number (since Linux 6.2). failure::timed_out or failure::cancelled with the counts so far in
/// `usage`. Blocking.
result<void> blocking_count_descriptors(const std::string& root, const std::vector<pid_t>& processes,
                                        process_usage& usage, std::size_t& links, deadline limit,
                                        const abandon_flag& abandoned);

}  // namespace nodescope::host
