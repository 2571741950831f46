#include "collectors/host/cgroup/cgroup_age.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "core/files/bounded_file.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

namespace nodescope::host {

namespace {

using clock_time = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Where the kernel sorts them (v1), the first is the oldest, unless numbers began again.
constexpr std::size_t processes_looked_at = 4;
/// Of as many numbers with seven digits.
constexpr std::size_t numbers_bytes = 8 * processes_looked_at;
constexpr std::size_t stat_limit = 4096;
/// USER_HZ, what the kernel shows times in.
constexpr std::int64_t ticks_per_second = 100;

/// The text may end within a number.
std::string_view whole_lines(std::string_view text)
{
    const std::size_t end = text.rfind('\n');
    return end == std::string_view::npos ? std::string_view() : text.substr(0, end);
}

std::optional<std::uint64_t> start_of(const std::string& root, pid_t pid)
{
    const auto text = files::read_file({root, fmt::format("/proc/{}/stat", pid)}, stat_limit);
    if (!text) return std::nullopt;
    const auto stat = parse_process_stat(text->text);
    if (!stat) return std::nullopt;
    return stat->start_ticks;
}

}  // namespace

std::optional<clock_time> blocking_oldest_process(const cgroup_tree& tree, std::string_view path, clock_time boot_time)
{
    const std::string name = fmt::format("{}/cgroup.procs", path.size() == 1 ? "." : path.substr(1));
    std::optional<std::uint64_t> oldest;
    for (std::size_t i = 0; i < tree.layout().hierarchies.size() && !oldest; ++i) {
        const unique_fd file(::openat(tree.descriptor(i), name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        std::array<char, numbers_bytes> numbers{};
        const ssize_t got = file ? ::read(file.get(), numbers.data(), numbers.size()) : -1;
        if (got <= 0) continue;
        for_each_line(whole_lines({numbers.data(), static_cast<std::size_t>(got)}), [&](std::string_view line) {
            const auto pid = whole_number<pid_t>(line);
            const auto began = pid && *pid > 0 ? start_of(tree.layout().root, *pid) : std::nullopt;
            if (began) oldest = std::min(oldest.value_or(*began), *began);
            return true;
        });
    }
    if (!oldest) return std::nullopt;
    const auto whole_seconds = static_cast<std::int64_t>(*oldest) / ticks_per_second;
    return boot_time + std::chrono::seconds(whole_seconds);
}

}  // namespace nodescope::host
