// A process whose network is asked for, opened and proved to be the one that is meant.
#pragma once

#include "collectors/questions/net_info.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nodescope {

/// The one process whose namespaces are the node's.
inline constexpr pid_t init_pid = 1;

/// A process number, and the container it is said to belong to.
struct found_process {
    explicit found_process(pid_t p) : pid(p) {}
    explicit found_process(found_container c) : pid(static_cast<pid_t>(c.what.pid)), owner(std::move(c)) {}
    pid_t pid;
    std::optional<found_container> owner;
};

struct opened_target {
    std::shared_ptr<const opened_namespace> where;  ///< null with the texts: nothing is held beyond its read
    net_info about;                                 ///< all but the parts
    std::optional<found_container> owner;
    std::uint64_t start_ticks = 0;       ///< of the owner's process
    std::optional<netlink_texts> texts;  ///< where they were read in the same job
};

/// "container is not running: web (…) <why>", failure::conflict.
error not_running(const container& which, std::string_view why);

/// `reader` looks around in the namespace; null: nobody does. failure::conflict when the process is not its owner's
/// (any more), failure::gone when it has ended, failure::denied with the missing capability. Blocking: for pool
/// threads.
result<opened_target> blocking_open_target(const std::string& root, namespace_reader* reader, found_process found,
                                           deadline limit, const abandon_flag& abandoned);

}  // namespace nodescope
