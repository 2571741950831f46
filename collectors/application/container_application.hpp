// The way to an application in a container: its configurations, read in the container's own files, and sockets in the
// container's own network. Blocking: for pool threads.
#pragma once

#include "collectors/application/configuration.hpp"
#include "collectors/runtime/container.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/unique_fd.hpp"
#include "core/worker_pool.hpp"
#include "netlink/net_namespace.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::applications {

/// Before the name of a collector in a label; the label's value is the path of its configuration in the container.
inline constexpr std::string_view label_prefix = "io.cadvisor.metric.";
/// Of one container. Those in use have one.
inline constexpr std::size_t collector_limit = 8;

/// Whether it has such a label at all.
bool publishes(const container& of);

/// One collector of a container, ready to be asked.
struct prepared_collector {
    prepared_collector(configuration c, unique_fd s) : what(std::move(c)), socket(std::move(s)) {}
    configuration what;
    unique_fd socket;  ///< TCP, not connected, in the container's network
};

struct prepared_collectors {
    std::vector<prepared_collector> ready;
    std::vector<error> failures;  ///< one for each of the others, naming its label
};

/// Of a container that runs. Its configurations are looked up as its own processes would find them, links included, and
/// only plain files are opened: a device would notice. failure::denied when it is in the network of the node, whose
/// loopback is not its own; failure::gone, failure::conflict when the process is not there or not the container's.
result<prepared_collectors> blocking_prepare(const std::string& root, const netlink::net_namespace& home,
                                             const container& of, deadline limit, const abandon_flag& abandoned);

}  // namespace nodescope::applications
