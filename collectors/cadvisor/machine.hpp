// The node as cAdvisor's requests `machine`, `attributes` and `storage` show it.
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "collectors/host/disk/filesystems.hpp"
#include "collectors/host/node/node_facts.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/shared_calls.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::cadvisor {

struct machine_info {
    time_point timestamp;  ///< when it was read
    host::node_facts facts;
    std::shared_ptr<const host::node_filesystems> filesystems;  ///< null when they could not be read
};

/// A filesystem of the node and what it is used for.
struct stored_filesystem {
    time_point timestamp;
    host::filesystem_usage usage;
    std::vector<std::string> labels;  ///< "root", "docker-images"
};

struct node_storage {
    std::vector<stored_filesystem> filesystems;
    std::vector<std::string> unanswered;  ///< of host::node_filesystems
};

/// The filesystems with their labels: "root" for the one on "/", "docker-images" for the one that holds `docker_root`.
/// Pure.
std::vector<stored_filesystem> label_filesystems(const host::node_filesystems& measured, time_point when,
                                                 std::string_view docker_root);

/// A disk as <root>/dev/disk/by-uuid names it.
struct disk_name {
    std::string device;                                             ///< "/dev/vda1"
    std::optional<std::pair<std::uint32_t, std::uint32_t>> number;  ///< major and minor
};

/// failure::gone "cadvisor: no such device". Blocking: for pool threads.
result<disk_name> blocking_find_disk(const std::string& root, const std::string& uuid);

/// Reactor thread only. Outlives its calls.
class machine_collector {
public:
    /// host::filesystem_watch::measure.
    using filesystem_source = std::function<task<result<std::shared_ptr<const host::node_filesystems>>>(deadline)>;

    machine_collector(worker_pool& pool, filesystem_source filesystems, std::string root,
                      steady_clock::duration timeout)
        : pool_(pool), filesystems_(std::move(filesystems)), root_(std::move(root)), timeout_(timeout)
    {
    }

    /// Read at most every `lifetime`, and once for all who ask meanwhile. Filesystems that cannot be read, or not in
    /// the time that this asker has, leave the rest as it is. failure::gone and failure::denied when there is no node
    /// under the root, failure::timed_out.
    task<result<std::shared_ptr<const machine_info>>> machine(deadline limit);

    /// Measured now. Failures as of filesystem_watch::measure.
    task<result<node_storage>> storage(std::string docker_root, deadline limit);

    /// The one on the disk with that UUID. failure::gone with cAdvisor's texts "cadvisor: no such device" and
    /// `cannot find device "/dev/x" in partitions`.
    task<result<stored_filesystem>> storage_of_disk(std::string uuid, std::string docker_root, deadline limit);

    static constexpr std::chrono::minutes lifetime{5};

private:
    task<result<host::node_facts>> read(deadline limit);

    worker_pool& pool_;
    filesystem_source filesystems_;
    std::string root_;
    steady_clock::duration timeout_;
    std::shared_ptr<const machine_info> machine_;
    steady_clock::time_point machine_until_{};
    shared_calls<host::node_facts> reads_{timeout_};
};

}  // namespace nodescope::cadvisor
