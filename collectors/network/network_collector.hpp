// The network of a container, of any process or of the node as data: the parts of one network namespace, read live.
#pragma once

#include "collectors/network/parts.hpp"
#include "collectors/questions/net_info.hpp"
#include "collectors/questions/opened_target.hpp"
#include "collectors/questions/target_opener.hpp"
#include "collectors/runtime/container_finder.hpp"
#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"
#include "netlink/nat/filter_texts.hpp"
#include "netlink/net_namespace.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nodescope {

/// Whose network, and which parts of it, in the order of the table.
struct network_query {
    network_query(net_info_query q, std::vector<const network_part*> p) : whose(std::move(q)), parts(std::move(p)) {}
    net_info_query whose;
    std::vector<const network_part*> parts;
};

/// What was read, and of what.
struct network_reading {
    network_reading() = default;
    pid_t pid = 0;
    netlink::namespace_identity space;
    bool verified = true;
    bool host_network = false;
    std::string note;                      ///< about the target; mostly empty
    std::optional<found_container> owner;  ///< none where a process was asked for
    struct part {
        part(const network_part& w, result<part_text> t) : which(&w), text(std::move(t)) {}
        const network_part* which;
        result<part_text> text;
    };
    std::vector<part> parts;  ///< as many as were asked for, in their order
};

struct network_options {
    network_options(std::string r, steady_clock::duration host, steady_clock::duration netlink, std::size_t bytes)
        : root(std::move(r)), host_timeout(host), read_timeout(netlink), limit_bytes(bytes)
    {
    }
    std::string root;
    steady_clock::duration host_timeout;  ///< finding and opening the process
    steady_clock::duration read_timeout;  ///< all parts together
    std::size_t limit_bytes;              ///< no part is made longer than about this
    std::size_t operations = 2;           ///< reads of namespaces at once
    std::size_t queue_limit = 64;         ///< and waiting for their turn
    /// Shared with reads that outlive their askers; null: the part `netfilter_text` fails.
    std::shared_ptr<netlink::filter_text_reader> filter_texts;
};

/// What is known of a target before its network is read, without other containers.
known_surroundings surroundings_of(const opened_target& target);

/// Reactor thread only. Outlives its calls.
class network_collector {
public:
    /// Call it on a thread in the service's own network namespace. What is referenced outlives the collector.
    static result<std::unique_ptr<network_collector>> make(container_finder& containers, worker_pool& pool,
                                                           network_options options, logger& log);

    /// Finds and proves the process as net_info_collector does, with its failures, and reads the parts one after
    /// another in one job. A part that fails does not fail the others; those that are not reached within the deadline
    /// have that as their failure.
    task<result<network_reading>> collect(network_query query, deadline limit);

    /// Whether a thread hangs in a file of a container: the destructor would wait for it (worker_pool::busy).
    [[nodiscard]] bool busy() const noexcept { return files_pool_.busy() > 0; }

private:
    struct job;
    struct job_at_once;
    network_collector(container_finder& containers, worker_pool& pool, network_options options, logger& log,
                      netlink::net_namespace home);
    task<result<opened_target>> open(const network_query& query, std::optional<network_reading>& at_once,
                                     deadline limit);
    [[nodiscard]] bool may_read_at_once(const network_query& query) const;
    task<std::optional<network_reading>> read_at_once(const network_query& query, found_container which,
                                                      deadline limit);
    static task<result<void>> run(worker_pool& on, std::shared_ptr<const job> what, bool files);
    task<result<part_text>> read_filter_texts(std::shared_ptr<const job> what);
    task<result<void>> run_programs(std::shared_ptr<const job> what);
    task<std::vector<network_reading::part>> read(std::shared_ptr<const opened_namespace> where,
                                                  std::shared_ptr<const known_surroundings> known,
                                                  std::vector<const network_part*> parts, deadline limit);

    container_finder& containers_;
    worker_pool& pool_;
    worker_pool files_pool_{3};     // of its own: a container's files can hang; two of one kind at once
    std::size_t read_at_once_ = 0;  // of its threads, those that do all of an answer
    const network_options options_;
    const netlink::net_namespace home_;
    target_opener targets_;
    slot_pool slots_;
};

}  // namespace nodescope
