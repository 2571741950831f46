// What the rules look at that are about how full something is, and how fast something goes wrong.
#pragma once

#include "netlink/model/conntrack.hpp"
#include "netlink/model/inet_socket.hpp"
#include "netlink/model/neighbour_table.hpp"
#include "netlink/model/port_use.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nodescope::findings {

/// Sockets of TCP.
struct tcp_load {
    std::vector<netlink::inet_socket> listeners;
    bool queue_limits_known = true;  ///< of the listeners
    /// From local ports in the range below, by destination: those with the most ports first.
    std::vector<netlink::port_use> uses;
    /// net.ipv4.ip_local_port_range, both included; 0 and 0: not known.
    std::uint16_t first_port = 0;
    std::uint16_t last_port = 0;
    std::string missing;  ///< as of model_list
};

struct conntrack_load {
    std::optional<netlink::conntrack_statistics> statistics;  ///< none: this kernel tracks no connections
    std::string missing;
};

/// What has been counted since a namespace was made.
struct tcp_counters {
    std::uint64_t sent = 0;           ///< segments, those that were sent again excepted
    std::uint64_t retransmitted = 0;  ///< segments that were sent again
    std::uint64_t listen_overflows = 0;
    std::uint64_t listen_drops = 0;
};

struct counted_link {
    int index = 0;
    std::uint64_t received = 0;  ///< packets
    std::uint64_t sent = 0;
    std::uint64_t received_dropped = 0;
    std::uint64_t sent_dropped = 0;
};

/// The counters of one namespace at one moment.
struct load_counters {
    std::chrono::steady_clock::time_point at;
    tcp_counters tcp;
    /// Insertions that failed and packets that were dropped; none: not to be read, or there is no conntrack.
    std::optional<std::uint64_t> conntrack_insert_failed;
    std::optional<std::uint64_t> conntrack_dropped;
    std::vector<counted_link> links;
    std::vector<netlink::neighbour_table> neighbour_tables;  ///< those of the node
};

/// A neighbour table of the node: how many entries in the namespace count for no limit.
struct exempt_neighbours {
    std::uint8_t family = 0;
    std::size_t count = 0;
};

struct compared_counters {
    load_counters now;
    std::optional<load_counters> before;    ///< of the same namespace, a second ago or more
    std::vector<exempt_neighbours> exempt;  ///< where the namespace is the node's own
    std::string missing;
};

/// Tasks (threads) of the container.
struct task_load {
    std::size_t looked_at = 0;
    std::size_t uninterruptible = 0;
    std::vector<std::string> names;  ///< of some of those, which may have chosen them
    std::string missing;
};

}  // namespace nodescope::findings
