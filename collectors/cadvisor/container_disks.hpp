// What the files of containers take on disk. They are walked while somebody asks, one container
// at a time, on a thread of their own: a disk that hangs takes no other thread, and a big tree costs a part of one
// CPU. Figures are kept for a pause that grows with what they cost. Reactor thread only.
#pragma once

#include "collectors/host/disk/disk_usage.hpp"
#include "collectors/host/disk/filesystems.hpp"
#include "collectors/host/disk/pod_volumes.hpp"
#include "collectors/runtime/container.hpp"
#include "core/backend_statistics.hpp"
#include "core/deadline.hpp"
#include "core/event.hpp"
#include "core/log.hpp"
#include "core/task.hpp"
#include "core/task_group.hpp"
#include "core/worker_pool.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace nodescope::cadvisor {

/// How container_disks finds things out.
struct disk_sources {
    disk_sources() = default;
    /// Blocking: host::blocking_container_disk_usage.
    std::function<result<host::container_disk_usage>(const host::docker_storage&, const std::string& id, deadline,
                                                     const abandon_flag&)>
        walk;
    /// Blocking: host::blocking_pod_volumes. Empty: nobody looks at volumes.
    std::function<result<host::pod_volumes>(const std::string& uid, deadline, const abandon_flag&)> walk_pod;
    /// Where that runtime keeps its files; nothing while it has never said.
    std::function<task<std::optional<std::string>>(const std::string& runtime, deadline)> data_root;
    /// As they were measured last; may give null.
    std::function<std::shared_ptr<const host::node_filesystems>()> filesystems;
};

/// The container's share of the filesystem that holds its layer, with that one's name and size. `node` may be null.
/// Pure.
host::filesystem_usage share_of(const host::container_disk_usage& usage, const host::node_filesystems* node);

class container_disks {
public:
    /// As samples hold them: one filesystem.
    using figures = std::shared_ptr<const std::vector<host::filesystem_usage>>;

    /// What is referred to outlives this. `walk_limit` bounds one walk.
    container_disks(task_group& group, logger& log, disk_sources sources, steady_clock::duration walk_limit);
    container_disks(const container_disks&) = delete;
    container_disks& operator=(const container_disks&) = delete;

    /// Somebody asks about this container: it is walked in the background, unless that was done within its pause.
    void want(const container& of);
    /// The same of the volumes of a pod.
    void want_pod(const std::string& uid);
    /// Waits until those that were wanted for the first time are walked, but never long: `patience`.
    task<> settle(deadline limit);
    /// What is known; null: not walked yet, or not for `shown_for`.
    [[nodiscard]] figures look(const std::string& id) const;
    /// The pod's volumes, likewise.
    [[nodiscard]] figures look_pod(const std::string& uid) const;

    /// Whether the thread is in a walk: the destructor would wait for it (worker_pool::busy).
    [[nodiscard]] bool busy() const noexcept { return pool_.busy() > 0; }
    /// Walks that have ended. One that found the container gone is no failure.
    [[nodiscard]] const backend_statistics& statistics() const noexcept { return statistics_; }

    /// An answer without disk usage is better than a late one; most containers are walked in milliseconds.
    static constexpr std::chrono::milliseconds patience{500};
    /// Above the longest pause (disk_usage_pause): what cannot be measured again is not shown for ever.
    static constexpr std::chrono::minutes shown_for{30};
    /// After a walk the thread rests this many times as long, so that a first question costs a quarter of a CPU at
    /// most.
    static constexpr int rest_ratio = 3;

private:
    struct known {
        std::string pod_uid;  // its volumes are meant; empty: a container's files
        std::string runtime;
        host::docker_storage storage;
        figures shown;
        steady_clock::time_point measured{};
        steady_clock::time_point due{};
        steady_clock::time_point wanted{};
        steady_clock::duration pause{};
        bool queued = false;
        bool fresh = true;  // nobody has waited for it yet
    };

    /// What a walk has found.
    struct walked {
        std::vector<host::filesystem_usage> shown;
        bool truncated = false;
        bool denied = false;
    };

    void want_walk(const std::string& key, known& one);
    task<> walk_until_done(std::shared_ptr<const void> running);
    task<result<walked>> walk(std::string key);
    task<result<walked>> walk_container(std::string id, std::string runtime, host::docker_storage storage);
    task<result<walked>> walk_pod(std::string uid);
    void learn(const std::string& key, result<walked> usage, steady_clock::duration took);
    void tell(const error& why);

    task_group& group_;
    logger& log_;
    const disk_sources sources_;
    const steady_clock::duration walk_limit_;
    worker_pool pool_{1};
    std::map<std::string, known> entries_;  // by id, or "pod " and its uid
    std::deque<std::string> queue_;
    nodescope::event changed_;
    std::weak_ptr<const void> walking_;  // held by the coroutine that walks
    std::set<failure> told_;
    backend_statistics statistics_;
};

}  // namespace nodescope::cadvisor
