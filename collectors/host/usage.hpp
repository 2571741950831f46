// What the kernel counts for a cgroup, a network namespace, a disk or a filesystem, as plain structs. The readers
// beside this file fill them; nothing here knows who asks. A counter that the kernel does not have is 0 unless it is
// optional.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nodescope::host {

/// Nanoseconds since the cgroup was made.
struct cpu_usage {
    bool operator==(const cpu_usage&) const = default;
    std::uint64_t total = 0;
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    std::vector<std::uint64_t> per_cpu;  ///< index = CPU number; empty on cgroup v2, which does not have them
    /// CFS bandwidth control.
    std::uint64_t periods = 0;
    std::uint64_t throttled_periods = 0;
    std::uint64_t throttled_time = 0;
    std::uint64_t burst_periods = 0;
    std::uint64_t burst_time = 0;
};

/// Bytes, except the counts, which are named so. cgroup v2 names where v1 and v2 differ.
struct memory_usage {
    bool operator==(const memory_usage&) const = default;
    std::uint64_t usage = 0;
    std::uint64_t max_usage = 0;
    std::uint64_t cache = 0;
    std::uint64_t rss = 0;
    std::uint64_t swap = 0;
    std::uint64_t mapped_file = 0;
    std::uint64_t working_set = 0;  ///< usage without inactive_file, never below 0
    std::uint64_t active_file = 0;
    std::uint64_t inactive_file = 0;
    std::uint64_t file_dirty = 0;
    std::uint64_t file_writeback = 0;
    std::uint64_t kernel = 0;
    std::uint64_t fail_count = 0;
    std::uint64_t page_faults = 0;
    std::uint64_t major_page_faults = 0;
    std::uint64_t pages_scanned = 0;
    std::uint64_t pages_stolen = 0;
    std::uint64_t refaults_file = 0;
    std::uint64_t refaults_anon = 0;
    std::uint64_t high_events = 0;  ///< memory.events "high"
    std::uint64_t max_events = 0;   ///< memory.events "max"
    bool has_events = false;        ///< there are memory.events: cgroup v2
    std::uint64_t low_events = 0;
    std::uint64_t oom_events = 0;       ///< there was no memory for it: a process was killed, or an allocation failed
    std::uint64_t oom_kill_events = 0;  ///< processes killed, also in cgroups below it
    std::uint64_t oom_group_kill_events = 0;  ///< all its processes killed together; Linux 5.17
    bool has_swap_events = false;             ///< there are memory.swap.events: Linux 4.20
    std::uint64_t swap_high_events = 0;
    std::uint64_t swap_max_events = 0;
    std::uint64_t swap_fail_events = 0;  ///< there was no swap for it, by its limit or on the node
};

/// One line of a pressure file. `total` in microseconds, as the kernel writes it; averages in percent.
struct pressure_line {
    bool operator==(const pressure_line&) const = default;
    std::uint64_t total = 0;
    double avg10 = 0;
    double avg60 = 0;
    double avg300 = 0;
};

struct pressure {
    bool operator==(const pressure&) const = default;
    pressure_line full;
    pressure_line some;
};

/// cgroup v2 only.
struct pressures {
    bool operator==(const pressures&) const = default;
    pressure cpu;
    pressure memory;
    pressure io;
};

/// The lists of block I/O figures that cgroup files have.
enum class io_list : std::uint8_t {
    service_bytes,
    serviced,
    queued,
    sectors,
    service_time,
    wait_time,
    merged,
    time,
    cost_usage,
    cost_wait,
    cost_indebt,
    cost_indelay,
};

/// What the figures are counted by. Lists without operations have `count` alone.
enum class io_operation : std::uint8_t { async, count, discard, read, sync, total, write };

/// The figures of one device in one list.
struct io_entry {
    bool operator==(const io_entry&) const = default;
    io_list list = io_list::service_bytes;
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::uint8_t present = 0;  ///< bit (1 << io_operation): the kernel named that operation
    std::array<std::uint64_t, 7> value{};
    void set(io_operation operation, std::uint64_t figure)
    {
        const auto index = static_cast<unsigned>(operation);
        present = static_cast<std::uint8_t>(present | (1U << index));
        value.at(index) = figure;
    }
    [[nodiscard]] bool has(io_operation operation) const noexcept
    {
        return ((present >> static_cast<unsigned>(operation)) & 1U) != 0;
    }
};

/// Sorted by list, major, minor.
using io_usage = std::vector<io_entry>;

/// One interface of /proc/PID/net/dev.
struct interface_counters {
    bool operator==(const interface_counters&) const = default;
    std::string name;
    std::uint64_t rx_bytes = 0;
    std::uint64_t rx_packets = 0;
    std::uint64_t rx_errors = 0;
    std::uint64_t rx_dropped = 0;
    std::uint64_t tx_bytes = 0;
    std::uint64_t tx_packets = 0;
    std::uint64_t tx_errors = 0;
    std::uint64_t tx_dropped = 0;
};

/// Sockets by state, as /proc/PID/net/tcp numbers them: index 0 is state 01 ESTABLISHED, 10 is 0B CLOSING.
struct tcp_states {
    bool operator==(const tcp_states&) const = default;
    std::array<std::uint64_t, 11> by_state{};
};

/// Of /proc/PID/net/udp. Queues in bytes.
struct udp_counters {
    bool operator==(const udp_counters&) const = default;
    std::uint64_t listen = 0;
    std::uint64_t dropped = 0;
    std::uint64_t rx_queued = 0;
    std::uint64_t tx_queued = 0;
};

struct network_usage {
    bool operator==(const network_usage&) const = default;
    std::vector<interface_counters> interfaces;  ///< in the order of the file
    std::uint64_t interfaces_left_out = 0;       ///< beyond the number that is kept
    bool sockets_counted = false;                ///< the rest: only where the configuration asks for it
    tcp_states tcp;
    tcp_states tcp6;
    udp_counters udp;
    udp_counters udp6;
};

/// A resource limit of a process.
struct resource_limit {
    bool operator==(const resource_limit&) const = default;
    static constexpr std::int64_t unlimited = -1;
    std::int64_t soft = unlimited;
    std::int64_t hard = unlimited;
};

struct process_usage {
    bool operator==(const process_usage&) const = default;
    std::uint64_t process_count = 0;
    std::uint64_t fd_count = 0;                ///< only counted where the configuration asks for it
    std::uint64_t socket_count = 0;            ///< likewise
    std::optional<resource_limit> open_files;  ///< of the first process; likewise
    std::uint64_t threads_current = 0;
    std::uint64_t threads_max = 0;  ///< 0 is unlimited
};

/// Fields 4 to 14 of a line of /proc/diskstats. Sectors of 512 bytes, times in milliseconds.
struct disk_counters {
    bool operator==(const disk_counters&) const = default;
    std::uint64_t reads_completed = 0;
    std::uint64_t reads_merged = 0;
    std::uint64_t sectors_read = 0;
    std::uint64_t read_time = 0;
    std::uint64_t writes_completed = 0;
    std::uint64_t writes_merged = 0;
    std::uint64_t sectors_written = 0;
    std::uint64_t write_time = 0;
    std::uint64_t io_in_progress = 0;
    std::uint64_t io_time = 0;
    std::uint64_t weighted_io_time = 0;
};

/// A filesystem's figures: of the node's, or the share of it that is a container's.
struct filesystem_usage {
    bool operator==(const filesystem_usage&) const = default;
    std::string device;
    std::string mountpoint;   ///< empty for a container's share
    std::string type;         ///< "vfs", "zfs" or "devicemapper"
    std::uint32_t major = 0;  ///< of the device; 0 for a container's share
    std::uint32_t minor = 0;
    std::uint64_t capacity = 0;
    std::uint64_t usage = 0;
    std::uint64_t base_usage = 0;
    std::uint64_t available = 0;
    bool has_inodes = false;
    std::uint64_t inodes = 0;  ///< total; for a container's share, those it uses
    std::uint64_t inodes_free = 0;
    disk_counters disk;
};

/// What a cgroup is allowed. 0: no such file; `unlimited`: the word "max".
struct cgroup_limits {
    bool operator==(const cgroup_limits&) const = default;
    static constexpr std::uint64_t unlimited = ~std::uint64_t{0};
    /// What is above this is no limit: cgroup v1 has no word for that and shows the most pages that can be counted,
    /// in bytes (PAGE_COUNTER_MAX of include/linux/page_counter.h). cAdvisor's number.
    static constexpr std::uint64_t largest_memory = std::uint64_t{1} << 62U;
    std::uint64_t cpu_shares = 0;            ///< v2: worked out of cpu.weight
    std::optional<std::uint64_t> cpu_quota;  ///< microseconds; none: not limited
    std::uint64_t cpu_period = 0;            ///< microseconds
    std::string cpu_mask;                    ///< "0-1,3"
    std::uint64_t memory_limit = 0;
    std::uint64_t memory_reservation = 0;
    std::uint64_t swap_limit = 0;  ///< v1: memory and swap; v2: swap alone
    std::uint64_t processes_limit = 0;
    bool has_cpu = false;
    bool has_memory = false;
    bool has_io = false;
    bool has_processes = false;
};

}  // namespace nodescope::host
