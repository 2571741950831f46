// The containers of this node: found in the cgroup tree, named by their runtimes where those answer, measured by one
// sampler for all of them. While nobody asks, nothing is measured, opened or watched, unless the configuration says so.
#pragma once

#include "collectors/cadvisor/container_directory.hpp"
#include "collectors/cadvisor/container_disks.hpp"
#include "collectors/cadvisor/containers.hpp"
#include "collectors/cadvisor/event_store.hpp"
#include "collectors/cadvisor/lookup.hpp"
#include "collectors/cadvisor/measurement.hpp"
#include "collectors/cadvisor/oom_messages.hpp"
#include "collectors/cadvisor/sample_ring.hpp"
#include "collectors/cadvisor/summary.hpp"
#include "core/shared_calls.hpp"
#include "core/task_group.hpp"
#include "core/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace nodescope::cadvisor {

struct sampling_options {
    /// `t` bounds one pass over the tree or the containers.
    explicit sampling_options(steady_clock::duration t) : timeout(t) {}
    std::string root = "/";
    steady_clock::duration interval = std::chrono::seconds(1);  ///< between two samples of a container
    steady_clock::duration idle = std::chrono::minutes(2);      ///< how long after the last asker sampling goes on
    bool always = false;                                        ///< sampling never stops
    steady_clock::duration timeout;
    std::size_t events_per_kind = event_store::default_limit;
    std::set<std::string> environment;  ///< names of the variables that a spec shows
    counting also;                      ///< in every sample
};

class node_containers final : public containers {
public:
    /// The node's filesystems now; empty: samples of "/" have none.
    using filesystem_source =
        std::function<task<result<std::shared_ptr<const std::vector<host::filesystem_usage>>>>(deadline)>;

    /// What is referred to outlives this; `disks` may be null: then samples of containers have no
    /// filesystem.
    node_containers(worker_pool& pool, const runtimes& named_by, task_group& group, logger& log,
                    sampling_options options, filesystem_source filesystems, container_disks* disks = nullptr);

    task<result<std::vector<container_view>>> find(query asked, deadline limit) override;
    task<result<std::vector<event>>> history(event_filter filter, deadline limit) override;
    result<std::unique_ptr<event_stream>> watch(event_filter filter) override;

    /// Begins sampling where it never stops.
    void start();
    /// The kernel has killed a process; `when` by the clock on the wall.
    void tell_out_of_memory(const oom_kill& kill, time_point when);

    /// A pass finds what change notices do not show: cgroups outside the hierarchies that are watched.
    static constexpr std::chrono::seconds regular_pass{60};
    /// How long the limits that a spec shows are kept.
    static constexpr std::chrono::seconds spec_lifetime{5};
    static constexpr std::chrono::seconds filesystem_interval{10};
    /// What an inspect says of a health check is asked for again by who asks for the container.
    static constexpr std::chrono::seconds health_lifetime{10};
    /// The creation of a container is told with its runtime's time, if that is known by then.
    static constexpr std::chrono::seconds longest_silence{5};

private:
    struct record {
        std::string path;
        std::string id;  // of its runtime; empty for a plain cgroup
        time_point created;
        std::shared_ptr<opened_container> opened = std::make_shared<opened_container>();
        sample_ring ring;
        summary_keeper summary;
        host::cgroup_limits limits;
        steady_clock::time_point limits_read{};
        std::shared_ptr<const container> named_by;  // what `spec` was made with
        std::shared_ptr<const container_spec> spec;
        pid_t dead_process = 0;  // the runtime's answer still names it
        bool told = false;       // its creation has been an event
        bool was_there = false;  // before anybody looked: no news to a stream
        steady_clock::time_point seen = steady_clock::now();
    };
    enum class tree_pass { done };
    using record_map = std::map<std::string, std::shared_ptr<record>>;
    /// What a text of a caller is compared with: made again only when a container came or went, or a runtime
    /// said something.
    struct roster {
        std::vector<container_names> names;            // point into the records and into what runtimes said
        std::vector<std::shared_ptr<record>> records;  // in the order of `names`
        std::vector<std::shared_ptr<record>> unnamed;  // those a runtime can be asked about
        std::vector<std::shared_ptr<record>> untold;   // those whose creation has not been an event yet
        std::uint64_t names_revision = 0;
        bool stale = true;
    };

    // sampling.cpp
    void keep_sampling();
    task<> sample_until_idle();
    [[nodiscard]] bool wanted();
    void let_go();
    task<result<void>> measure(std::vector<std::shared_ptr<record>> which, bool figures, bool limits, deadline limit);
    task<result<void>> measure_all(deadline limit);
    void take(record& of, measurement&& taken, bool limits);
    task<> follow_filesystems(deadline limit);

    // discovery.cpp
    void open_tree();
    task<result<void>> discover(deadline limit);
    task<result<tree_pass>> pass_over_tree(deadline limit);
    void apply(discovery&& seen);
    void ask_names();
    void announce();
    void tell_creation(record& of);
    void drop(const std::string& path);
    task<> tell_deletion(std::string path, std::string id, time_point when);
    [[nodiscard]] measuring_order order_for(const record& of) const;

    // node_containers.cpp
    [[nodiscard]] const roster& current_roster();
    [[nodiscard]] result<std::vector<std::shared_ptr<record>>> choose(const query& asked);
    task<> ask_for_disks(std::vector<std::shared_ptr<record>> of, deadline limit);
    [[nodiscard]] container_disks::figures disk_figures(const record& of) const;
    task<result<void>> bring_up_to_date(std::vector<std::shared_ptr<record>> chosen, query asked, deadline limit);
    [[nodiscard]] bool is_there(const record& one) const;
    [[nodiscard]] std::shared_ptr<const container_spec> spec_of(record& of);
    [[nodiscard]] container_view view_of(record& of, const query& asked);

    worker_pool& pool_;
    task_group& group_;
    logger& log_;
    const sampling_options options_;
    filesystem_source filesystems_;
    container_disks* disks_;
    container_directory names_;
    event_store events_;

    record_map records_;
    roster roster_;
    std::shared_ptr<opened_tree> tree_;  // null while nobody asks
    time_point tree_opened_;
    std::map<std::string, std::uint64_t> out_of_memory_;
    node_limits node_;
    std::shared_ptr<const std::vector<host::filesystem_usage>> node_filesystems_;
    steady_clock::time_point filesystems_read_{};
    steady_clock::time_point last_pass_{};
    steady_clock::time_point last_asked_{};
    bool pass_needed_ = true;
    shared_calls<tree_pass> passes_{options_.timeout};
    std::weak_ptr<void> sampling_;                            // held by the coroutine that samples
    std::shared_ptr<void> asking_ = std::make_shared<int>();  // one more owner for each asker
};

}  // namespace nodescope::cadvisor
