// How the network namespaces of this node are wired, read when somebody asks: whoever asks meanwhile gets the same
// reading. Containers are found by the cgroup tree, so a runtime that is away costs names and nothing else.
#pragma once

#include "collectors/cadvisor/container_directory.hpp"
#include "collectors/network/topology/wiring_reading.hpp"
#include "collectors/runtime/runtimes.hpp"
#include "collectors/wiring/wiring.hpp"
#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/shared_calls.hpp"
#include "core/task.hpp"
#include "core/task_group.hpp"
#include "core/worker_pool.hpp"
#include "netlink/net_namespace.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nodescope {

struct topology_options {
    topology_options(std::string r, steady_clock::duration host, steady_clock::duration netlink)
        : root(std::move(r)), host_timeout(host), read_timeout(netlink)
    {
    }
    std::string root;
    steady_clock::duration host_timeout;  ///< for what is not the reading: a free worker, names
    steady_clock::duration read_timeout;  ///< what is not read by then is missing
    wiring_limits most;
};

/// Reactor thread only. Outlives its calls.
class topology_collector {
public:
    /// Call it on a thread in the service's own network namespace. What is referenced outlives the collector.
    static result<std::unique_ptr<topology_collector>> make(const runtimes& named_by, worker_pool& pool,
                                                            task_group& group, topology_options options, logger& log);

    /// failure::timed_out, failure::overloaded, and where no namespace can be read its failure. What else is missing is
    /// in the notes.
    task<result<std::shared_ptr<const wiring>>> look(deadline limit);

private:
    using shared_wiring = std::shared_ptr<const wiring>;
    topology_collector(const runtimes& named_by, worker_pool& pool, task_group& group, topology_options options,
                       logger& log, netlink::net_namespace home);
    task<result<shared_wiring>> read(deadline limit);
    task<> ask_for_names(deadline limit);
    void name(wiring& read);
    void remember(std::vector<running_container> found);

    worker_pool& pool_;
    const topology_options options_;
    const netlink::net_namespace home_;
    cadvisor::container_directory names_;
    std::vector<running_container> containers_;  // of the last reading
    shared_calls<shared_wiring> looks_;
};

}  // namespace nodescope
