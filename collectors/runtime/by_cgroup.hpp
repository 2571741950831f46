// Containers found by the kernel: the cgroup tree has the runtime's id of each, and the processes. For when a runtime
// is away, slow or absent. It knows no names, so it is no runtime itself.
#pragma once

#include "collectors/host/cgroup/container_search.hpp"
#include "collectors/runtime/container_reference.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/shared_calls.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace nodescope {

/// A container as the kernel has it. There is always a first process.
struct kernel_container {
    kernel_container() = default;
    host::container_place place;
    std::vector<host::cgroup_process> processes;  ///< the init process first
    uid_t owner = 0;                              ///< of the cgroup's directory
};

/// Reactor thread only. Outlives its calls.
class by_cgroup {
public:
    /// `timeout` bounds each look at the tree and at the processes of a container.
    by_cgroup(std::string root, worker_pool& pool, steady_clock::duration timeout)
        : root_(std::move(root)), pool_(pool), timeout_(timeout)
    {
    }

    /// Whether the reference may be found here: a full id or at least 12 digits of it.
    [[nodiscard]] static bool may_find(const container_reference& id) noexcept
    {
        return host::may_be_container_id(id.text());
    }
    /// failure::gone when no cgroup is the container's; failure::conflict when two fit, or when it has no process.
    task<result<kernel_container>> find(container_reference id, deadline limit);

private:
    using places = std::shared_ptr<const std::vector<host::container_place>>;
    task<result<host::container_place>> find_place(std::string reference, deadline limit);
    task<result<places>> look(host::search_extent extent, deadline limit);

    const std::string root_;
    worker_pool& pool_;
    const steady_clock::duration timeout_;
    shared_calls<places> looks_{timeout_};
};

}  // namespace nodescope
