// Connection tracking of a network namespace: how full the table is, and what has gone wrong in it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nodescope::netlink {

/// By CTA_STATS_SEARCHED (1) to CTA_STATS_CHAIN_TOOLONG (15); those that this kernel does not count are not set.
using conntrack_counters = std::array<std::optional<std::uint64_t>, 16>;
/// As conntrack(8) calls them, "insert_failed"; empty for 0.
std::string_view conntrack_counter_name(std::size_t number) noexcept;

/// Of all processors together.
struct conntrack_statistics {
    std::optional<std::uint64_t> count;
    std::optional<std::uint64_t> max;
    std::optional<std::uint64_t> buckets;
    std::optional<conntrack_counters> counters;
};

struct conntrack_reading {
    std::optional<conntrack_statistics> statistics;  ///< none: this kernel tracks no connections
    std::string note;
};

}  // namespace nodescope::netlink
