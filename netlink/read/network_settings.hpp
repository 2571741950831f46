// Reads the settings of a network namespace that decide where packets go. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/model/network_settings.hpp"
#include "netlink/net_namespace.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace nodescope::netlink {

struct settings_limits {
    std::size_t links = 2000;
    std::size_t bytes = 16UL * 1024UL * 1024UL;  ///< read from the kernel
    /// Those that are read of the files below /proc/sys/net, constants; empty: all that are shown. Opening one takes
    /// the kernel the longer the more namespaces it was opened in lately: all of one name are in one chain of its cache
    /// (fs/proc/proc_sysctl.c, proc_sys_compare).
    std::span<const std::string_view> files{};
};

/// The files below /proc/sys/net, and of each link what it says itself in one dump. `note` names what there is not in
/// that namespace: the kernel shows some settings in the node's own alone. Failures are those of dump() and
/// blocking_read_sysctls(); failure::cancelled when `abandoned` is raised.
result<network_settings> blocking_read_settings(const net_namespace& home, const net_namespace& target,
                                                const settings_limits& limits, deadline limit,
                                                const abandon_flag& abandoned);

}  // namespace nodescope::netlink
