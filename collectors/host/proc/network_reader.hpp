// The counters of a container's network, seen through one of its processes: interfaces and, where asked for, sockets by
// state; and the descriptors of processes. Blocking: for pool threads.
#pragma once

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

/// What is read beside the interfaces. The kernel walks all its sockets for each of these.
struct network_reading {
    network_reading() = default;
    bool tcp = false;  ///< net/tcp and net/tcp6
    bool udp = false;  ///< net/udp and net/udp6
};

/// Holds /proc/PID and nothing of the network itself: a dead container's namespace is not kept alive. One thread at a
/// time, any thread.
class network_reader {
public:
    /// The process must be known to be the container's (belongs_to_container, or cgroup_reader::blocking_processes
    /// before and after): its number may have a new owner. failure::gone when there is no such process. Blocking.
    static result<network_reader> blocking_open(const std::string& root, pid_t pid);
    /// The same for a process that is held already.
    static result<network_reader> blocking_open(const process_handle& process);

    /// failure::gone when the process has ended, whoever has its number then. Loopback, veth and bridge interfaces of
    /// the runtimes ("lo…", "veth…", "docker…", "nerdctl…") are left out. Without IPv6 tcp6 and udp6 stay 0. Blocking.
    [[nodiscard]] result<network_usage> blocking_read(deadline limit, const abandon_flag& abandoned,
                                                      const network_reading& options = network_reading()) const;

private:
    network_reader(unique_fd directory, std::string shown) : directory_(std::move(directory)), shown_(std::move(shown))
    {
    }
    unique_fd directory_;
    std::string shown_;
};

/// Adds the open descriptors of `processes` to usage.fd_count and those that are sockets to usage.socket_count, and
/// counts the processes that are still there in process_count. One readlink a descriptor: only where asked for.
/// failure::timed_out or failure::cancelled with the counts so far in `usage`. Blocking.
result<void> blocking_count_descriptors(const std::string& root, const std::vector<pid_t>& processes,
                                        process_usage& usage, deadline limit, const abandon_flag& abandoned);

}  // namespace nodescope::host
