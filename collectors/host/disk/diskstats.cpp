#include "collectors/host/disk/filesystems.hpp"
#include "core/text_scan.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>

namespace nodescope::host {

namespace {

// Fields 4 to 14 (kernel Documentation/admin-guide/iostats.rst).
constexpr std::array counters{
    &disk_counters::reads_completed, &disk_counters::reads_merged,     &disk_counters::sectors_read,
    &disk_counters::read_time,       &disk_counters::writes_completed, &disk_counters::writes_merged,
    &disk_counters::sectors_written, &disk_counters::write_time,       &disk_counters::io_in_progress,
    &disk_counters::io_time,         &disk_counters::weighted_io_time,
};

// A node with multipath storage has some thousand.
constexpr std::size_t disk_limit = 16'384;

std::optional<disk_line> parse_disk(std::string_view line)
{
    fields words(line);
    const auto major = whole_number<std::uint32_t>(words.next());
    const auto minor = whole_number<std::uint32_t>(words.next());
    if (!major || !minor) return std::nullopt;
    disk_line disk;
    disk.major = *major;
    disk.minor = *minor;
    disk.name = words.next();
    if (disk.name.empty()) return std::nullopt;
    for (const auto counter : counters) {
        const auto value = whole_number<std::uint64_t>(words.next());
        if (!value) return std::nullopt;
        disk.counters.*counter = *value;
    }
    return disk;
}

}  // namespace

std::vector<disk_line> parse_diskstats(std::string_view text)
{
    std::vector<disk_line> disks;
    for_each_line(text, [&](std::string_view line) {
        if (auto disk = parse_disk(line)) disks.push_back(std::move(*disk));
        return disks.size() < disk_limit;
    });
    std::sort(disks.begin(), disks.end(), [](const disk_line& a, const disk_line& b) {
        return std::tie(a.major, a.minor) < std::tie(b.major, b.minor);
    });
    return disks;
}

}  // namespace nodescope::host
