// The network of a container, or of any process: addresses, routes and NAT of its network namespace, read live.
#pragma once

#include "collectors/questions/net_texts.hpp"
#include "collectors/questions/target_opener.hpp"
#include "collectors/runtime/container_finder.hpp"
#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/shared_calls.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nodescope {

/// Whose network is asked for.
class net_info_query {
public:
    explicit net_info_query(container_reference id) : container_id_(std::move(id)) {}
    /// Any process of the node; no container runtime is asked. See host::parse_pid.
    explicit net_info_query(pid_t pid) : pid_(pid) {}
    /// The container with these Kubernetes labels; `container` may be empty.
    /// Process 1, or, where that may not be looked at, the service itself: it is meant to be on the node's network.
    static net_info_query of_node()
    {
        net_info_query node(pid_t{1});
        node.node_ = true;
        return node;
    }
    net_info_query(std::string pod_namespace, std::string pod_name, std::string container)
        : pod_namespace_(std::move(pod_namespace)), pod_name_(std::move(pod_name)), container_(std::move(container))
    {
    }

    /// Also read the node's own NAT table.
    bool node_nat = false;

    [[nodiscard]] bool is_of_process() const noexcept { return pid_ != 0; }

private:
    friend class net_info_collector;
    friend class target_opener;
    std::optional<container_reference> container_id_;
    pid_t pid_ = 0;
    bool node_ = false;
    std::string pod_namespace_;
    std::string pod_name_;
    std::string container_;
};

/// What was read, and of what. Beside the parts of its bases, the node's own NAT table.
struct net_info : netlink_texts, nat_texts {
    net_info() = default;
    pid_t pid = 0;
    std::string container_id;              ///< full; empty when a process was asked for
    std::string container_name;            ///< without the leading '/'; empty where no runtime said it
    std::string resolved_by;               ///< who knew the container's process; empty when a process was asked for
    std::optional<error> runtime_failure;  ///< why no runtime said it
    netlink::namespace_identity space;
    bool verified = true;       ///< false: only the start time, or a name, says that the process is the container's
    bool host_network = false;  ///< the namespace is the node's own
    std::string network_note;   ///< why it is not that of the process, or may not be the container's; mostly empty

    text_part node_nat;  ///< neither text nor reason unless asked for

    /// Whether there is anything to answer but the pid.
    [[nodiscard]] bool has_text() const noexcept;
};

/// One part of an answer, and what it is called there.
struct net_part {
    std::string_view key;
    text_part net_info::*text;
};

/// All of them, in the order in which they are written.
inline constexpr net_part net_parts[] = {
    {"collector.kubernetes.container.ipaddr", &net_info::addresses},
    {"collector.kubernetes.container.Route", &net_info::route},
    {"collector.kubernetes.container.Nat", &net_info::nat},
    {"collector.kubernetes.container.Route6", &net_info::route6},
    {"collector.kubernetes.container.Nat6", &net_info::nat6},
    {"collector.kubernetes.node.Nat", &net_info::node_nat},
};

struct net_info_options {
    net_info_options(steady_clock::duration host, steady_clock::duration netlink, steady_clock::duration nat)
        : host_timeout(host), netlink_timeout(netlink), nat_timeout(nat)
    {
    }
    std::string root = "/";
    steady_clock::duration host_timeout;     ///< finding and opening the process
    steady_clock::duration netlink_timeout;  ///< all dumps of one namespace
    steady_clock::duration nat_timeout;      ///< all iptables-save of one namespace
    std::size_t operations = 4;              ///< reads of namespaces at once
    std::size_t queue_limit = 64;            ///< and waiting for their turn
};

struct opened_target;

/// Reactor thread only. Outlives its calls.
class net_info_collector {
public:
    /// Without any runtime only processes can be asked for.
    net_info_collector(container_finder& containers, worker_pool& pool, std::unique_ptr<namespace_reader> reader,
                       net_info_options options, logger& log);

    /// Finds the process, proves that it is the container's (once more after a fresh inspect if it is not), and reads
    /// its namespace: netlink and NAT side by side. A part that fails does not fail the others; the call fails when
    /// the process cannot be found, proved or opened: failure::conflict "container is not running: …" and "container
    /// changed: …", failure::gone, failure::denied with the missing capability, failure::timed_out, and whatever
    /// container_finder says. Reads of one namespace that are under way at the same time are shared.
    task<result<net_info>> collect(net_info_query query, deadline limit);

private:
    using shared_namespace = std::shared_ptr<const opened_namespace>;
    using shared_target = std::shared_ptr<const opened_target>;
    using shared_netlink = std::shared_ptr<const netlink_texts>;
    using shared_nat = std::shared_ptr<const nat_texts>;
    using known_owner = std::shared_ptr<const found_container>;

    task<result<opened_target>> open_container_of(const net_info_query& query, deadline limit);
    task<std::optional<opened_target>> read_known(known_owner which, deadline limit);
    task<result<shared_target>> open_and_read(known_owner which, deadline limit);
    task<> read_parts(net_info& info, shared_namespace where, bool node_nat, deadline limit);

    task<netlink_texts> netlink_part(shared_namespace where, deadline limit);
    task<nat_texts> nat_part(shared_namespace where, deadline limit);
    task<text_part> node_nat_part(bool wanted, deadline limit);

    task<result<shared_netlink>> read_netlink(shared_namespace where, deadline limit);
    task<result<shared_nat>> read_nat(shared_namespace where, deadline limit);

    container_finder& containers_;
    worker_pool& pool_;
    std::shared_ptr<namespace_reader> reader_;  // shared with jobs that outlive their askers
    net_info_options options_;
    const std::shared_ptr<netlink::name_source> names_ = std::make_shared<netlink::name_source>(options_.root);
    target_opener targets_;
    slot_pool slots_;
    // A known container is mostly there, and answers at once; where not, the parts get their own time.
    static constexpr std::chrono::milliseconds known_limit{500};
    shared_calls<shared_target> known_calls_{known_limit};
    // By namespace, which is read by one call at a time.
    shared_calls<shared_netlink> netlink_calls_{options_.netlink_timeout};
    shared_calls<shared_nat> nat_calls_{options_.nat_timeout};
};

}  // namespace nodescope
