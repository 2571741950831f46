#include "collectors/host/proc/process_walk.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "core/files/bounded_file.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <unistd.h>

namespace nodescope::host {

namespace {

constexpr std::size_t uptime_limit = 4096;
// A line per CPU and one with a number per interrupt come before btime.
constexpr std::size_t node_stat_limit = 1024UL * 1024UL;

}  // namespace

result<std::vector<process_entry>> blocking_list_processes(files::directory& proc, const files::place& where)
{
    std::vector<process_entry> entries;
    while (const dirent* const entry = proc.next()) {
        if (const auto pid = parse_pid(static_cast<const char*>(entry->d_name))) {
            entries.push_back({*pid, entry->d_ino});
        }
    }
    if (proc.failure() != 0) return from_errno(proc.failure(), "read " + where.shown());
    // The kernel lists them in order; a test's directory need not.
    std::ranges::sort(entries, {}, &process_entry::pid);
    return entries;
}

result<std::int64_t> blocking_read_boot_time(const std::string& root)
{
    const auto node_stat = files::read_file({root, "/proc/stat"}, node_stat_limit);
    if (!node_stat) return node_stat.error();
    return parse_boot_time(node_stat->text);
}

result<node_clock> blocking_read_clock(const std::string& root)
{
    node_clock clock;
    const auto boot = blocking_read_boot_time(root);
    if (!boot) return boot.error();
    const auto uptime_text = files::read_file({root, "/proc/uptime"}, uptime_limit);
    if (!uptime_text) return uptime_text.error();
    const auto uptime = parse_uptime_centiseconds(uptime_text->text);
    if (!uptime) return uptime.error();
    clock.boot_seconds = *boot;
    clock.uptime_centiseconds = *uptime;
    clock.ticks_per_second = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
    return clock;
}

result<process_walk> blocking_walk_processes(const std::string& root, std::string_view what, std::size_t process_limit,
                                             deadline limit, const abandon_flag& abandoned,
                                             const std::function<bool(const walked_process&)>& visit)
{
    const files::place where(root, "/proc");
    files::directory proc(files::open(where, O_RDONLY | O_DIRECTORY));
    if (!proc) return from_errno(errno, fmt::format("{}: open {}", what, where.shown()));
    const auto processes = blocking_list_processes(proc, where);
    if (!processes) return processes.error();

    const auto stopped = [&](std::size_t read) -> std::optional<error> {
        if (abandoned.raised()) return error(failure::cancelled, fmt::format("{}: the caller went away", what));
        if (!limit.passed()) return std::nullopt;
        return error(failure::timed_out, fmt::format("{}: {} of {} processes read within {}", what, read,
                                                     processes->size(), duration_text(limit.limit())));
    };
    process_walk walk;
    walk.total = processes->size();
    std::size_t kept = 0;
    std::size_t i = 0;
    for (; i < processes->size() && kept < process_limit; ++i) {
        if (const auto why = stopped(i)) return *why;
        const pid_t pid = (*processes)[i].pid;
        const std::string name = std::to_string(pid);
        const unique_fd directory(::openat(proc.descriptor(), name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (directory && visit(walked_process{pid, directory.get(), name, processes->size() - i - 1})) ++kept;
    }
    // The last visit may have been ended by it.
    if (const auto why = stopped(i)) return *why;
    walk.not_visited = processes->size() - i;
    return walk;
}

}  // namespace nodescope::host
