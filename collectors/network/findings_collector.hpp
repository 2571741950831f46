// What is wrong with the network of a container, of any process or of the node: its namespace is read once, live, and
// the rules look at it on the thread that has read it.
#pragma once

#include "collectors/findings/report.hpp"
#include "collectors/network/container_files/resolver_files.hpp"
#include "collectors/network/load/load_reading.hpp"
#include "collectors/network/network_collector.hpp"
#include "collectors/network/node_findings/node_findings.hpp"
#include "collectors/network/topology/running_containers.hpp"
#include "collectors/questions/net_info.hpp"
#include "collectors/questions/target_opener.hpp"
#include "collectors/runtime/container_finder.hpp"
#include "collectors/runtime/network_words.hpp"
#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"
#include "netlink/net_namespace.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nodescope {

/// Whose network, and how much a finding must weigh.
struct findings_query {
    findings_query(net_info_query q, findings::severity l) : whose(std::move(q)), least(l) {}
    net_info_query whose;
    findings::severity least;
    /// So long before the rest counters are read for the first time; zero: they are compared with what an earlier
    /// question has read, where there was one.
    steady_clock::duration interval{};
};

/// Reactor thread only. Outlives its calls.
class findings_collector {
public:
    /// Call it on a thread in the service's own network namespace. What is referenced outlives the collector. `off`:
    /// rules that are not asked.
    static result<std::unique_ptr<findings_collector>> make(container_finder& containers, worker_pool& pool,
                                                            network_options options, std::vector<std::string> off,
                                                            logger& log);

    /// Who is asked what they have set up; outlives the collector.
    void use(network_words_source& words) { words_.push_back(&words); }

    /// Finds and proves the process as net_info_collector does, with its failures. What cannot be read keeps only the
    /// rules that need it from being asked; where nothing can be read, that is the failure. Nothing of the namespace is
    /// held during the interval.
    task<result<findings::report>> collect(findings_query query, deadline limit);

    /// The node's network and those of all running containers, each once, as many at a time as the slots allow. The
    /// containers are those of the cgroup tree: a runtime that is away costs only their names. Nothing is failed by
    /// a network that cannot be looked at, or not in time; fails where that is so of all.
    task<result<node_findings>> collect_all(findings::severity least, deadline limit);

    /// Whether a thread hangs in a file of a container: the destructor would wait for it (worker_pool::busy).
    [[nodiscard]] bool busy() const noexcept { return files_.busy(); }

    /// Rules that are not asked, by name.
    [[nodiscard]] const std::vector<std::string>& off() const noexcept { return off_; }

private:
    findings_collector(container_finder& containers, worker_pool& pool, network_options options,
                       std::vector<std::string> off, logger& log, netlink::net_namespace home);
    /// What a runtime says of a container's network, or why it does not.
    struct said_words {
        said_words() = default;
        std::optional<network_words> words;
        std::string missing;
    };
    [[nodiscard]] findings::rule_choice choice_of(findings::severity least) const;
    task<result<findings::report>> look(std::shared_ptr<const opened_namespace> where,
                                        std::shared_ptr<const known_surroundings> known, findings::severity least,
                                        std::optional<counted_network> before, said_words said, deadline limit);
    task<said_words> ask_runtime(const opened_target& of, findings::severity least, deadline limit);
    /// None where counters cannot be read.
    task<result<std::optional<counted_network>>> count(const net_info_query& whose, deadline limit);

    struct all_networks;
    task<> find_containers(all_networks& all, deadline limit);
    task<> read_node_for_all(all_networks& all, std::shared_ptr<const opened_namespace> node,
                             std::shared_ptr<const known_surroundings> known, deadline limit);
    task<> look_at_node(all_networks& all, deadline limit);
    task<> look_at_next(all_networks& all, deadline limit);
    task<> name_containers(std::vector<findings::finding>& of, deadline limit);

    container_finder& containers_;
    worker_pool& pool_;
    const network_options options_;
    const std::vector<std::string> off_;
    const netlink::net_namespace home_;
    target_opener targets_;
    slot_pool slots_;
    resolver_files files_;
    std::vector<network_words_source*> words_;
    const std::shared_ptr<counter_memory> memory_ =
        std::make_shared<counter_memory>();   // jobs may outlive their askers
    std::vector<running_container> running_;  // as last found
};

}  // namespace nodescope
