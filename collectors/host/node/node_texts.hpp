// The texts by which a node describes itself: meminfo, cpuinfo, os-release, passwd, and the one-liners of /sys. Pure:
// no reading, no system calls. Formats: proc(5), os-release(5), passwd(5), kernel Documentation/ABI/testing/sysfs-*.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nodescope::host {

/// "   123 kB" in bytes; nothing for any other text.
std::optional<std::uint64_t> parse_kibibytes(std::string_view text);

/// A line of /proc/meminfo or of a NUMA node's meminfo ("Node 0 MemTotal: …") in bytes, e.g. "MemTotal"; 0 when it is
/// missing or has no number.
std::uint64_t parse_meminfo(std::string_view text, std::string_view key);

/// Of /proc/cpuinfo.
struct cpu_summary {
    bool operator==(const cpu_summary&) const = default;
    std::string vendor;           ///< of the first processor; empty where the architecture has none
    std::size_t processors = 0;   ///< online
    std::uint64_t first_khz = 0;  ///< "cpu MHz" or "clock" of the first, cut to whole kHz; 0 without
};
cpu_summary parse_cpuinfo(std::string_view cpuinfo);

/// PRETTY_NAME without its quotes; nothing when the key is missing.
std::optional<std::string> parse_os_name(std::string_view os_release);

/// Login names by user number, as getpwuid finds them: of several the first. Malformed lines are skipped.
std::map<uid_t, std::string> parse_user_names(std::string_view passwd);

/// "48K" in bytes; K, M, G or nothing behind the number.
std::optional<std::uint64_t> parse_cache_size(std::string_view text);

/// How many CPUs stand in a mask like "ff,00000003"; nothing when it is not a mask.
std::optional<std::size_t> count_cpu_mask(std::string_view mask);

/// The word in square brackets of queue/scheduler; "none" when there is none.
std::string parse_scheduler(std::string_view text);

/// Major and minor of "254:0".
std::optional<std::pair<std::uint32_t, std::uint32_t>> parse_device_number(std::string_view text);

}  // namespace nodescope::host
