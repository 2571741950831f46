// The texts of /proc as structs: stat, status, cmdline of a process, and the node's boot time and uptime. Pure: no
// reading, no system calls. Formats: proc(5), kernel fs/proc/array.c.
#pragma once

#include "core/error.hpp"

#include <sys/types.h>

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
    process_stat() = default;
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
    process_status() = default;
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

/// The arguments in /proc/PID/cmdline. Empty arguments in the middle are kept; the NULs at the end are dropped,
/// because programs that change their title pad it with them.
std::vector<std::string> parse_command_line(std::string_view text);

/// `btime` of /proc/stat: the boot time in seconds since 1970.
result<std::int64_t> parse_boot_time(std::string_view proc_stat);

/// The first number of /proc/uptime, in hundredths of a second.
result<std::uint64_t> parse_uptime_centiseconds(std::string_view text);

}  // namespace nodescope::host
