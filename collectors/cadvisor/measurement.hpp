// The blocking half of sampling: one pass over the cgroup tree, one pass over the containers, each as one job of the
// worker pool. What it remembers between passes (opened files) is shared with jobs that may be stuck in the kernel
// while the next begins. Pool threads only, except the constructors.
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "collectors/host/cgroup/cgroup_reader.hpp"
#include "collectors/host/cgroup/cgroup_walk.hpp"
#include "collectors/host/proc/network_reader.hpp"
#include "collectors/host/proc/process_handle.hpp"
#include "core/deadline.hpp"
#include "core/unique_fd.hpp"
#include "core/worker_pool.hpp"

#include <sys/types.h>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace nodescope::cadvisor {

/// The files of one container, opened when it is first measured. The lock is for jobs that outlive their deadline: a
/// job that does not get it at once leaves the container out.
struct opened_container {
    std::mutex busy;
    std::optional<host::cgroup_reader> figures;
    std::optional<host::network_reader> network;
    pid_t network_of = 0;
    bool on_node_network = false;  ///< that process is in the node's network, whose figures are those of "/"
};

/// What to read of one container.
struct measuring_order {
    std::string path;
    std::string id;          ///< of its runtime: proves that `pid` is its process; empty for "/"
    std::string started_at;  ///< by its runtime
    pid_t pid = 0;           ///< whose network is the container's; 0: none
    bool figures = true;
    bool limits = false;
    bool kills = true;
    std::shared_ptr<opened_container> opened;
};

struct measurement {
    sample values;
    std::optional<host::cgroup_limits> limits;
    std::optional<host::oom_kill_counts> kills;
    bool gone = false;          ///< the cgroup has been removed
    bool network_gone = false;  ///< the process that the network was read of has ended
    bool left_out = false;      ///< an earlier job is still at it, or there was no time left
};

/// What is counted for a sample beside the figures that every sample has; it costs with the number of what is counted.
struct counting {
    bool sockets = false;      ///< TCP and UDP sockets by state, in the container's network namespace
    bool descriptors = false;  ///< processes, their open descriptors, and how many of those are sockets
};

/// Measures in the order given; an answer for each order. Containers that the deadline leaves no time for are left out.
std::vector<measurement> blocking_measure(const std::shared_ptr<host::cgroup_tree>& tree, const std::string& root,
                                          const std::vector<measuring_order>& orders, counting also, deadline limit,
                                          const abandon_flag& abandoned);

/// Change notices for the directories of the tree: an inotify instance, which costs nothing while nothing changes.
class tree_watch {
public:
    /// Without inotify (no descriptors left), and while a directory cannot be watched, it never says "unchanged".
    /// Blocking.
    tree_watch();
    tree_watch(const tree_watch&) = delete;
    tree_watch& operator=(const tree_watch&) = delete;

    /// Whether something came or went since the last pass began. Takes some of what tells so with it: when it says yes,
    /// a pass has to follow. Does not block; reactor thread.
    [[nodiscard]] bool changed() const;
    /// Watches the directories of that cgroup in the hierarchies that hold containers. True when one is watched newly,
    /// also when another of the same name was removed meanwhile. Blocking; one job at a time.
    bool blocking_add(const host::cgroup_tree& tree, const std::string& path);
    void blocking_forget_others(const std::vector<std::string>& present);
    /// The errno of why directories cannot be watched, 0 when all are: whoever has the same user number as the service
    /// may use up the watches that the kernel gives each user. Tried again from blocking_begin_pass() on. Any thread.
    [[nodiscard]] int failure_code() const noexcept { return failed_; }
    /// The pass that begins sees all changes until now. Blocking.
    void blocking_begin_pass() noexcept;

private:
    /// A container has a directory in each of these; what has one elsewhere only is found by the regular pass.
    static constexpr std::array watched_controllers{host::cgroup_controller::memory, host::cgroup_controller::cpu};
    using watch_numbers = std::array<int, watched_controllers.size()>;

    unique_fd inotify_;
    std::atomic<int> failed_ = 0;
    std::map<std::string, watch_numbers> watched_;  // by cgroup
};

/// The node's own figures that containers without a limit get.
struct node_limits {
    std::uint64_t memory = 0;
    int processors = 1;
};

/// A pass over the tree.
struct discovery {
    host::cgroup_set found;
    std::map<std::string, time_point> created;  ///< of those that were not `known`
    std::map<std::string, time_point> in_use;   ///< of these, since when there is a process in it or below it
    std::vector<std::string> gone;              ///< `known` ones that have been removed
    std::vector<std::string> displaced;         ///< `known` ones that are there and that there was no room for
    int unwatched = 0;                          ///< as tree_watch::failure_code()
    node_limits node;
};

/// What discovery keeps between passes.
struct opened_tree {
    std::mutex busy;
    std::shared_ptr<host::cgroup_tree> tree;
    tree_watch watch;
};

/// A process of which a runtime says that it is a container's first.
struct init_claim {
    pid_t pid = 0;
    host::container_claim container;
};
/// The cgroup of each container, by its process: as container_path(). Empty where the process is in none of that name,
/// or not proved to be the container's: its number may have a new owner. Those of which nothing could be read are left
/// out.
std::map<std::string, std::string> blocking_read_container_paths(const std::string& root,
                                                                 const std::vector<init_claim>& claims, deadline limit,
                                                                 const abandon_flag& abandoned);

/// Opens the tree if `where` has none yet. failure::unavailable without cgroups; failure::overloaded while an earlier
/// job is still at it.
result<discovery> blocking_discover(opened_tree& where, const std::string& root, const std::set<std::string>& known,
                                    deadline limit, const abandon_flag& abandoned);

}  // namespace nodescope::cadvisor
