// The containers of this node: found in the cgroup tree, named by their runtimes where those answer, measured by one
// sampler for all of them. While nobody asks, nothing is measured, opened or watched, unless the configuration says so.
#pragma once

#include "collectors/application/application_metrics.hpp"
#include "collectors/cadvisor/container_directory.hpp"
#include "collectors/cadvisor/container_disks.hpp"
#include "collectors/cadvisor/containers.hpp"
#include "collectors/cadvisor/ended_containers.hpp"
#include "collectors/cadvisor/event_store.hpp"
#include "collectors/cadvisor/kill_counters.hpp"
#include "collectors/cadvisor/lookup.hpp"
#include "collectors/cadvisor/measurement.hpp"
#include "collectors/cadvisor/oom_messages.hpp"
#include "collectors/cadvisor/sample_ring.hpp"
#include "collectors/cadvisor/sample_shares.hpp"
#include "collectors/cadvisor/summary.hpp"
#include "collectors/host/cgroup/container_choice.hpp"
#include "core/byte_budget.hpp"
#include "core/shared_calls.hpp"
#include "core/task_group.hpp"
#include "core/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace nodescope::cadvisor {

struct sampling_options {
    /// `t` bounds one pass over the tree or the containers; of each kind of event, `events` are kept.
    sampling_options(steady_clock::duration t, std::size_t events) : timeout(t), events_per_kind(events) {}
    std::string root = "/";
    steady_clock::duration interval = std::chrono::seconds(1);  ///< between two samples of a container
    steady_clock::duration idle = std::chrono::minutes(2);      ///< how long after the last asker sampling goes on
    bool always = false;                                        ///< sampling never stops
    steady_clock::duration timeout;
    std::size_t events_per_kind;
    std::set<std::string> environment;  ///< names of the variables that a spec shows
    counting also;                      ///< in every sample
};

class node_containers final : public containers {
public:
    /// The node's filesystems now; empty: samples of "/" have none.
    using filesystem_source =
        std::function<task<result<std::shared_ptr<const std::vector<host::filesystem_usage>>>>(deadline)>;

    /// What is referred to outlives this. Where `disks` is null samples of containers have no filesystem; where
    /// `applications` is null nobody asks them for figures of their own.
    node_containers(worker_pool& pool, const runtimes& named_by, task_group& group, logger& log,
                    sampling_options options, filesystem_source filesystems, container_disks* disks = nullptr,
                    applications::application_metrics* applications = nullptr);

    task<result<std::vector<container_view>>> find(query asked, deadline limit) override;
    task<result<event_list>> history(event_filter filter, deadline limit) override;
    result<std::unique_ptr<event_stream>> watch(event_filter filter) override;
    [[nodiscard]] ended_list ended() override { return ended_.list(std::chrono::system_clock::now()); }
    [[nodiscard]] std::uint64_t cgroups_left_out() const noexcept override { return left_out_; }

    /// Begins sampling where it never stops.
    void start();
    /// The kernel's log says that it has killed a process; `when` in wall-clock time. An event comes of it once the
    /// counter of the cgroup shows that kill.
    void tell_out_of_memory(const oom_kill& kill, time_point when);
    /// What the log said and no counter showed.
    [[nodiscard]] std::uint64_t kills_not_counted() const noexcept { return kills_not_counted_; }

    /// There are no watches left: every question looks at the whole tree.
    [[nodiscard]] bool unwatched() const noexcept { return unwatched_ != 0; }
    /// What there was no room for since the start.
    [[nodiscard]] std::uint64_t samples_left_out() const noexcept { return samples_left_out_; }
    [[nodiscard]] std::uint64_t events_left_out() const noexcept { return events_.left_out(); }
    [[nodiscard]] std::uint64_t ends_left_out() const noexcept { return ended_.left_out(); }
    [[nodiscard]] std::uint64_t texts_left_out() const noexcept { return names_.texts_left_out(); }

    /// What the samples of all containers may take: each has the same part. 100 busy containers have two minutes.
    static constexpr std::size_t rings_limit_bytes = 16U << 20U;
    /// What their minutes and hours may take, likewise: a thousand containers have whole hours.
    static constexpr std::size_t summaries_limit_bytes = 6U << 20U;
    /// Of containers that were killed for their memory and are down or were made again: some thousands.
    static constexpr std::size_t earlier_kills_limit_bytes = 256U << 10U;
    /// While nothing is sampled, who asks so soon after another gets the same measurement.
    static constexpr std::chrono::seconds shared_measurement{1};
    /// A pass finds what change notices do not show: cgroups outside the hierarchies that are watched.
    static constexpr std::chrono::seconds regular_pass{60};
    /// How long the limits that a spec shows are kept.
    static constexpr std::chrono::seconds spec_lifetime{5};
    static constexpr std::chrono::seconds filesystem_interval{10};
    /// What an inspect says of a health check is asked for again by who asks for the container.
    static constexpr std::chrono::seconds health_lifetime{10};
    /// A sandbox without a process gets its network's figures when a container of the pod has begun.
    static constexpr std::chrono::seconds guest_lifetime{2};
    /// The creation of a container is told with its runtime's time, if that is known by then.
    static constexpr std::chrono::seconds longest_silence{5};

private:
    struct record {
        std::string path;
        std::string named_id;    // that its name has
        std::string id;          // the same where it is that container; empty for a plain cgroup
        bool delegated = false;  // somebody else than root can have made it
        time_point created;      // as the kernel says
        time_point there_by;     // the same, or when a process in it began
        std::shared_ptr<opened_container> opened = std::make_shared<opened_container>();
        sample_ring ring;
        summary_keeper summary;
        host::cgroup_limits limits;
        std::optional<host::oom_kill_counts> kills;
        bool kills_are_news = false;     // all that its counter has: it was made while we were there
        std::uint64_t untold_kills = 0;  // counted, and not in the log yet
        steady_clock::time_point limits_read{};
        std::shared_ptr<const container> named_by;  // what `spec` was made with
        std::shared_ptr<const container_spec> spec;
        pid_t dead_process = 0;  // the runtime's answer still names it
        bool told = false;       // its creation has been an event
        bool was_there = false;  // before anybody looked: no news to a stream
        steady_clock::time_point seen = steady_clock::now();
    };
    /// What is open while there is sampling.
    struct opened_files {
        opened_files() = default;
        std::shared_ptr<opened_tree> tree;
        std::vector<std::shared_ptr<opened_container>> containers;
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
        std::map<std::string, std::shared_ptr<const container>> pods;  // their sandboxes, by the uid of the pod
        std::uint64_t names_revision = 0;
        bool stale = true;
    };

    // sampling.cpp
    static pid_t network_process_of(const container& one) noexcept;
    void keep_sampling();
    task<> sample_until_idle();
    task<> look_at_all(bool figures, deadline limit);
    [[nodiscard]] bool wanted();    // the tree stays open
    [[nodiscard]] bool followed();  // and is measured
    [[nodiscard]] bool watched();   // for events: cgroups that come and go, and kills
    void let_go();
    void close_later(record& of);
    void close_files();
    task<> close_by_worker(opened_files files);
    /// What is to be read of a container.
    struct reading {
        std::shared_ptr<record> of;
        bool figures = false;
        bool limits = false;
    };
    task<result<void>> measure(std::vector<reading> which, deadline limit);
    void take(record& of, measurement&& taken, bool limits);
    task<> follow_filesystems(deadline limit);

    // discovery.cpp
    void open_tree();
    task<result<void>> discover(deadline limit);
    task<result<tree_pass>> pass_over_tree(deadline limit);
    void apply(discovery&& seen);
    [[nodiscard]] std::shared_ptr<record> new_record(const std::string& path, bool delegated, time_point created) const;
    void tell_left_out(std::uint64_t count);
    void tell_unwatched(int code);
    void announce();
    void tell_creation(record& of);
    void drop(const std::string& path);
    task<> tell_deletion(event deletion, std::string id, runtime* of, std::shared_ptr<ended_container> end);
    [[nodiscard]] std::shared_ptr<ended_container> end_of(const record& dropped) const;
    [[nodiscard]] measuring_order order_for(const record& of) const;

    // out_of_memory.cpp
    struct told_kill {
        oom_kill kill;
        time_point when;
        std::uint64_t number;
    };
    task<> look_for_kills();
    void take_named(const std::string& path, const named_cgroup& named);
    void take_kills(record& of, const host::oom_kill_counts& counted);
    void keep_kills_of(const record& dropped);
    void add_kill(const std::string& path, const oom_kill& kill, time_point when);
    [[nodiscard]] std::optional<std::uint64_t> kills_of(const record& of) const;
    void drop_told_kills(std::uint64_t newest, bool looked);

    // identity.cpp
    struct bearers_of_an_id {
        std::vector<std::shared_ptr<record>> records;
        std::shared_ptr<const container> said;  // when `init` was read
        host::init_evidence init;
        [[nodiscard]] bool in_doubt() const { return records.size() > 1 || records.front()->delegated; }
    };
    void count_bearers();
    task<> prove_containers(deadline limit);
    void choose_containers_of_ids();
    static void take_id(record& of, const std::string& id);

    // node_containers.cpp
    [[nodiscard]] const roster& current_roster();
    [[nodiscard]] result<std::vector<std::shared_ptr<record>>> choose(const query& asked);
    [[nodiscard]] container_disks::figures disk_figures(const record& of) const;
    task<result<void>> bring_up_to_date(std::vector<std::shared_ptr<record>> chosen, query asked, deadline limit);
    [[nodiscard]] bool is_there(const record& one) const;
    [[nodiscard]] std::shared_ptr<const container_spec> spec_of(record& of);
    [[nodiscard]] std::shared_ptr<const pod_of_container> pod_of(const record& of);
    [[nodiscard]] std::vector<container_view> views_of(const std::vector<std::shared_ptr<record>>& chosen,
                                                       const query& asked);
    [[nodiscard]] container_view view_of(record& of, const query& asked, std::size_t samples);

    worker_pool& pool_;
    task_group& group_;
    logger& log_;
    const sampling_options options_;
    filesystem_source filesystems_;
    container_disks* disks_;
    applications::application_metrics* applications_;
    container_directory names_;
    event_store events_;
    ended_containers ended_;
    std::uint64_t samples_left_out_ = 0;

    record_map records_;
    std::map<std::string, bearers_of_an_id> bearers_;  // by id
    bool bearers_stale_ = false;
    std::uint64_t left_out_ = 0;
    int unwatched_ = 0;  // errno of the last pass
    roster roster_;
    std::shared_ptr<opened_tree> tree_;  // null while nobody asks
    opened_files closing_;               // of what is there no more
    time_point tree_opened_;
    time_point started_ = std::chrono::system_clock::now();
    bool first_pass_ = false;                             // over a tree that has just been opened
    std::map<std::string, std::uint64_t> earlier_kills_;  // of containers' cgroups that were removed, by path
    byte_budget earlier_kills_bytes_{earlier_kills_limit_bytes};
    std::deque<told_kill> told_kills_;  // no counter has shown them yet
    std::uint64_t told_number_ = 0;
    std::weak_ptr<void> looking_;  // held by the coroutine that looks for them
    std::uint64_t kills_not_counted_ = 0;
    std::optional<bool> kernel_counts_kills_;  // none: no counter seen yet
    node_limits node_;
    std::shared_ptr<const std::vector<host::filesystem_usage>> node_filesystems_;
    steady_clock::time_point filesystems_read_{};
    steady_clock::time_point last_pass_{};
    steady_clock::time_point last_asked_{};
    steady_clock::time_point last_followed_{};  // by who wants samples between questions too
    steady_clock::time_point last_watched_{};   // by who wants events
    bool sampled_ = false;                      // the sampler measures all containers
    bool pass_needed_ = true;
    shared_calls<tree_pass> passes_{options_.timeout};
    std::weak_ptr<void> sampling_;                            // held by the coroutine that samples
    std::shared_ptr<void> asking_ = std::make_shared<int>();  // one more owner for each asker
};

}  // namespace nodescope::cadvisor
