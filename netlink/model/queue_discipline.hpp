// Queueing disciplines of links (tc(8)), with their counters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace nodescope::netlink {

struct queue_counters {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
};

struct queue_state {
    std::uint32_t length = 0;   ///< packets
    std::uint32_t backlog = 0;  ///< bytes
    std::uint32_t drops = 0;
    std::uint32_t requeues = 0;
    std::uint32_t overlimits = 0;
};

/// Measured by the kernel where it was asked to.
struct queue_rate {
    std::uint64_t bytes_per_second = 0;
    std::uint64_t packets_per_second = 0;
};

/// What is not set was not in the message.
struct queue_discipline {
    std::uint32_t interface_index = 0;
    std::uint32_t handle = 0;
    std::uint32_t parent = 0;  ///< TC_H_ROOT, a class, or 0
    std::uint32_t references = 0;
    std::string kind;
    bool offloaded = false;
    std::uint32_t ingress_block = 0;             ///< 0: none
    std::uint32_t egress_block = 0;              ///< 0: none
    std::optional<std::string> options;          ///< bytes; their form is the kind's
    std::optional<std::string> kind_statistics;  ///< the same
    std::optional<queue_counters> counters;
    std::optional<queue_state> queue;
    std::optional<queue_rate> rate;
};

}  // namespace nodescope::netlink
