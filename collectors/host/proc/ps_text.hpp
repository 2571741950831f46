// How ps(1) writes what it knows of a process (procps-ng 4.0 and 3.3, src/ps/output.c). Pure, except that it asks for
// the time zone.
#pragma once

#include "collectors/host/proc/proc_text.hpp"

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace nodescope::host {

/// The column `stat`: the state's letter, then '<' high priority, 'N' nice, 'L' locked pages, 's' session leader,
/// 'l' threads, '+' in the foreground.
std::string ps_state(const process_stat& stat, const process_status& status);

/// The column `stime`: "23:27" for a start on the day of `now`, "Nov20" in its year, else "2025"; in the local zone.
std::string ps_start_time(std::time_t started, std::time_t now);

/// The column `time`: "[DD-]HH:MM:SS".
std::string ps_running_time(std::uint64_t seconds);

/// The column `user`: a name (or the number of a user without one) of more than 8 characters as its first 7 and '+'.
std::string ps_user(std::string_view name);

/// The column `comm`, 15 bytes wide: kernel threads have longer names.
std::string ps_command(std::string_view comm);

/// Tenths of a percent, cut: CPU time over a lifetime (0 within the first second), and a share of the memory, at most
/// 99.9 %.
std::uint64_t ps_cpu_permille(std::uint64_t used_ticks, std::uint64_t ticks_per_second, double age_seconds) noexcept;
std::uint64_t ps_memory_permille(std::uint64_t bytes, std::uint64_t total_bytes) noexcept;

}  // namespace nodescope::host
