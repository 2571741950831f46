// The texts of /proc as structs: stat, status, cmdline and net of a process, and the node's boot time and uptime. Pure:
// no reading, no system calls. Formats: proc(5), kernel fs/proc/array.c, net/core/net-procfs.c, net/ipv4/tcp_ipv4.c and
// udp.c.
#pragma once

#include "collectors/host/usage.hpp"
#include "core/error.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::host {

/// A process number as callers write it: decimal digits, 1 to 4194304 (the kernel's PID_MAX_LIMIT), no sign, no
/// leading zero. failure::invalid otherwise.
result<pid_t> parse_pid(std::string_view text);

/// What we use of /proc/PID/stat.
struct process_stat {
    pid_t pid = 0;
    std::string comm;  ///< any bytes: spaces, parentheses and newlines included
    char state = '?';
    pid_t parent = 0;
    pid_t group = 0;
    pid_t session = 0;
    pid_t terminal_group = -1;  ///< field 8, in the foreground of the controlling terminal
    std::uint64_t user_ticks = 0;
    std::uint64_t system_ticks = 0;
    std::int64_t nice = 0;
    std::int64_t threads = 0;
    std::uint64_t start_ticks = 0;  ///< field 22, since boot
    int cpu = 0;                    ///< field 39, last run on; 0 where a text ends before it
};
/// failure::malformed when one of the fields up to 22 is missing or is no number.
result<process_stat> parse_process_stat(std::string_view text);

/// What we use of /proc/PID/status. Kernel threads and zombies have no memory: zero.
struct process_status {
    pid_t thread_group = 0;
    std::optional<uid_t> effective_user;
    std::uint64_t rss_bytes = 0;
    std::uint64_t vms_bytes = 0;
    std::uint64_t hwm_bytes = 0;
    std::uint64_t data_bytes = 0;
    std::uint64_t stack_bytes = 0;
    std::uint64_t locked_bytes = 0;
    std::uint64_t swap_bytes = 0;
};
/// failure::malformed when Tgid is missing or a value we use is no number.
result<process_status> parse_process_status(std::string_view text);

/// The user of a Uid line's four numbers (real, effective, saved, and of files), where all are the same.
std::optional<uid_t> only_user(std::string_view uids);

/// The arguments in /proc/PID/cmdline. Empty arguments in the middle are kept; the NULs at the end are dropped,
/// because programs that change their title pad it with them.
std::vector<std::string> parse_command_line(std::string_view text);

/// `btime` of /proc/stat: the boot time in seconds since 1970.
result<std::int64_t> parse_boot_time(std::string_view proc_stat);

/// The first number of /proc/uptime, in hundredths of a second.
result<std::uint64_t> parse_uptime_centiseconds(std::string_view text);

enum class network_owner : std::uint8_t {
    node,
    container,  ///< an interface that is called like one of the node's is its own
};

/// The line "Max open files" of /proc/PID/limits. None without it, or when it is no limit.
std::optional<resource_limit> parse_open_files_limit(std::string_view text);

/// Whether an interface is left out: loopback, and on the node what runtimes make there for each container.
bool is_left_out(std::string_view interface_name, network_owner whose) noexcept;

/// /proc/PID/net/dev without the interfaces that are left out, in its order. At most interface_limit.
std::vector<interface_counters> parse_net_dev(std::string_view text, network_owner whose);
/// A node has one for each container, most of them veth, which are left out. A container that may make its own could
/// make thousands, and each takes 100 bytes in each of the samples that are kept.
inline constexpr std::size_t interface_limit = 1024;

/// One line of /proc/PID/net/tcp or tcp6; the heading counts nothing.
void count_tcp_line(std::string_view line, tcp_states& into);
/// One line of /proc/PID/net/udp or udp6.
void count_udp_line(std::string_view line, udp_counters& into);

}  // namespace nodescope::host
