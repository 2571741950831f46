// The texts of cgroup files as figures (kernel Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst).
// Pure. A line that the kernel does not write is skipped, a key that is missing leaves its figure alone: kernels
// differ in what they count.
#pragma once

#include "collectors/host/usage.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace nodescope::host {

/// A file with one number. "max" is cgroup_limits::unlimited; none when it is neither.
std::optional<std::uint64_t> parse_figure(std::string_view text);

/// v1 cpu.stat: bandwidth control alone.
void parse_cpu_stat_v1(std::string_view text, cpu_usage& into);
/// v2 cpu.stat: times and bandwidth control. False when there is no usage_usec.
bool parse_cpu_stat_v2(std::string_view text, cpu_usage& into);
/// v1 cpuacct.stat: user and system, in ticks of 10 ms.
void parse_cpuacct_stat(std::string_view text, cpu_usage& into);
/// v1 cpuacct.usage_percpu: one number for each possible CPU. Empty when one of them is no number.
std::vector<std::uint64_t> parse_cpu_list(std::string_view text);

/// v1 memory.stat. `hierarchical`: what is below counts too (memory.use_hierarchy). False when it has no known key.
bool parse_memory_stat_v1(std::string_view text, bool hierarchical, memory_usage& into);
/// v2 memory.stat. False when it has no known key. Kernels that do not say what they themselves take for the cgroup
/// have it as the sum of its parts.
bool parse_memory_stat_v2(std::string_view text, memory_usage& into);
/// v2 memory.events. What v1 counts in memory.failcnt is "max".
void parse_memory_events(std::string_view text, memory_usage& into);
/// v2 memory.swap.events.
void parse_swap_events(std::string_view text, memory_usage& into);
/// The "oom_kill" of v2 memory.events and v1 memory.oom_control. None when there is no such line.
std::optional<std::uint64_t> parse_oom_kills(std::string_view text);
/// usage without what can be taken back at once, never below 0.
void set_working_set(memory_usage& memory) noexcept;

/// Adds the figures of a v1 blkio file, "8:0 Read 4096" or "8:0 12"; the sum over all devices ("Total 4096") is
/// skipped. At most io_entry_limit entries.
void parse_blkio(std::string_view text, io_list list, io_usage& into);
/// Adds the figures of v2 io.stat. At most io_entry_limit entries.
void parse_io_stat(std::string_view text, io_usage& into);
/// Eight lists of 4096 disks, more than a node has; bounds what a file can make us hold.
inline constexpr std::size_t io_entry_limit = 32'768;
void sort_io(io_usage& io);

/// A v2 pressure file. Without a "full" line (cpu on old kernels) that part is 0; none when there is no "some" line.
std::optional<pressure> parse_pressure(std::string_view text);

/// v2 cpu.max: "50000 100000" or "max 100000".
void parse_cpu_max(std::string_view text, cgroup_limits& into);
/// The shares that the scheduler takes a v2 cpu.weight for: 1024 for its default of 100. 0 (no such file) is 0.
std::uint64_t shares_of_weight(std::uint64_t weight) noexcept;

}  // namespace nodescope::host
