// Which way a packet from a container, from any process or from the node takes, hop by hop, read live.
#pragma once

#include "collectors/network/network_collector.hpp"
#include "collectors/network/path/path_model.hpp"
#include "collectors/network/path/walk.hpp"
#include "collectors/questions/net_info.hpp"
#include "collectors/questions/opened_target.hpp"
#include "collectors/questions/target_opener.hpp"
#include "collectors/runtime/container_finder.hpp"
#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"
#include "netlink/nat/rule_reader.hpp"
#include "netlink/net_namespace.hpp"

#include <map>
#include <memory>
#include <utility>

namespace nodescope {

struct path_query {
    path_query(net_info_query q, paths::packet p) : whose(std::move(q)), what(p) {}
    net_info_query whose;
    paths::packet what;
};

/// What was found, and from where.
struct path_reading {
    path_reading() = default;
    network_reading target;  ///< without parts
    paths::report report;
};

/// Reactor thread only. Outlives its calls.
class path_collector {
public:
    /// Call it on a thread in the service's own network namespace. What is referenced outlives the collector.
    static result<std::unique_ptr<path_collector>> make(container_finder& containers, worker_pool& pool,
                                                        program_runner& programs, network_options options,
                                                        netlink::nat_options nat, logger& log);

    /// Finds and proves the process as net_info_collector does, with its failures. No packet is sent, and nothing is
    /// made. Where the first hop cannot be read, that is the failure; where a later one cannot, the way ends there.
    task<result<path_reading>> collect(path_query query, deadline limit);

private:
    struct walking;
    path_collector(container_finder& containers, worker_pool& pool, program_runner& programs, network_options options,
                   netlink::nat_options nat, logger& log, netlink::net_namespace home);
    task<result<paths::report>> walk(std::shared_ptr<paths::walker> by, paths::packet what, deadline limit);
    task<result<void>> decide(std::shared_ptr<walking> on, deadline limit);

    container_finder& containers_;
    worker_pool& pool_;
    const network_options options_;
    const netlink::net_namespace home_;
    target_opener targets_;
    slot_pool slots_;
    netlink::rule_reader rules_;
};

}  // namespace nodescope
