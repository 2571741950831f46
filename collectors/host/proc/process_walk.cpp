#include "collectors/host/proc/process_walk.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace nodescope::host {

namespace {

constexpr std::size_t uptime_limit = 4096;
constexpr std::size_t node_stat_limit = 1024UL * 1024UL;
// How often the clock is looked at.
constexpr std::size_t check_every = 64;

result<std::vector<pid_t>> list_pids(files::directory& proc, const files::place& where)
{
    std::vector<pid_t> pids;
    while (const dirent* const entry = proc.next()) {
        if (const auto pid = parse_pid(static_cast<const char*>(entry->d_name))) pids.push_back(*pid);
    }
    if (proc.failure() != 0) return from_errno(proc.failure(), "read " + where.shown());
    // The kernel lists them in order; a test's directory need not.
    std::sort(pids.begin(), pids.end());
    return pids;
}

}  // namespace

result<node_clock> blocking_read_clock(const std::string& root)
{
    node_clock clock;
    const auto node_stat = files::read_file({root, "/proc/stat"}, node_stat_limit);
    if (!node_stat) return node_stat.error();
    const auto boot = parse_boot_time(node_stat->text);
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
    const auto pids = list_pids(proc, where);
    if (!pids) return pids.error();

    process_walk walk;
    walk.total = pids->size();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < pids->size(); ++i) {
        if (kept == process_limit) {
            walk.truncated = true;
            break;
        }
        if (i % check_every == 0) {
            if (abandoned.raised()) return error(failure::cancelled, fmt::format("{}: the caller went away", what));
            if (limit.passed()) {
                return error(failure::timed_out, fmt::format("{}: {} of {} processes read within {}", what, i,
                                                             pids->size(), duration_text(limit.limit())));
            }
        }
        const std::string name = std::to_string((*pids)[i]);
        const unique_fd directory(::openat(proc.descriptor(), name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (directory && visit(walked_process{(*pids)[i], directory.get(), name})) ++kept;
    }
    return walk;
}

}  // namespace nodescope::host
