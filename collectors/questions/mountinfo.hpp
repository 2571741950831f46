// The node's mounts, asked on a worker thread.
#pragma once

#include "collectors/host/disk/mountinfo.hpp"
#include "core/deadline.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <string>
#include <utility>

namespace nodescope {

/// Reactor thread only. Outlives its calls.
class mountinfo_collector {
public:
    mountinfo_collector(worker_pool& pool, std::string root) : pool_(pool), root_(std::move(root)) {}

    /// As host::blocking_read_mountinfo.
    task<result<host::mountinfo>> collect(deadline limit);

private:
    worker_pool& pool_;
    std::string root_;
};

}  // namespace nodescope
