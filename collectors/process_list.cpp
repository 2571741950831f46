#include "collectors/process_list.hpp"

#include "collectors/host/proc_file.hpp"
#include "collectors/host/rfc3339.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace nodescope {

namespace {

constexpr std::size_t stat_limit = 4096;
constexpr std::size_t status_limit = 64UL * 1024UL;
constexpr std::size_t node_stat_limit = 1024UL * 1024UL;
// How often the clock is looked at.
constexpr std::size_t check_every = 64;

struct directory_closer {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using directory_stream = std::unique_ptr<DIR, directory_closer>;

// What turns the ticks in a process's stat into times.
struct node_clock {
    std::int64_t boot_seconds = 0;
    std::uint64_t uptime_centiseconds = 0;
    std::uint64_t ticks_per_second = 100;
};

result<node_clock> read_clock(const std::string& root)
{
    node_clock clock;
    const auto node_stat = host::read_file(host::under_root(root, "/proc/stat"), node_stat_limit);
    if (!node_stat) return node_stat.error();
    const auto boot = host::parse_boot_time(node_stat->text);
    if (!boot) return boot.error();
    const auto uptime_text = host::read_file(host::under_root(root, "/proc/uptime"), stat_limit);
    if (!uptime_text) return uptime_text.error();
    const auto uptime = host::parse_uptime_centiseconds(uptime_text->text);
    if (!uptime) return uptime.error();
    clock.boot_seconds = *boot;
    clock.uptime_centiseconds = *uptime;
    clock.ticks_per_second = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
    return clock;
}

result<std::vector<pid_t>> list_pids(DIR* proc, const std::string& path)
{
    std::vector<pid_t> pids;
    for (;;) {
        errno = 0;
        const dirent* const entry = ::readdir(proc);
        if (entry == nullptr) break;
        if (const auto pid = host::parse_pid(static_cast<const char*>(entry->d_name))) pids.push_back(*pid);
    }
    if (errno != 0) return from_errno(errno, "read " + path);
    // The kernel lists them in order; a test's directory need not.
    std::sort(pids.begin(), pids.end());
    return pids;
}

void add_times(process_entry& process, const node_clock& clock)
{
    const std::uint64_t hertz = clock.ticks_per_second;
    const host::process_stat& stat = process.stat;
    const auto since_boot =
        std::chrono::milliseconds(stat.start_ticks / hertz * 1000 + stat.start_ticks % hertz * 1000 / hertz);
    process.create_time = host::rfc3339(host::utc_time(std::chrono::seconds(clock.boot_seconds)) + since_boot);

    const double age_seconds = static_cast<double>(clock.uptime_centiseconds) / 100.0 -
                               static_cast<double>(stat.start_ticks) / static_cast<double>(hertz);
    const double used_seconds = static_cast<double>(stat.user_ticks + stat.system_ticks) / static_cast<double>(hertz);
    // A process younger than the clock's step has no meaningful share yet.
    if (age_seconds > 0) process.cpu_percent = 100.0 * used_seconds / age_seconds;
}

// Nothing when the process ended before all of it was read, or may not be looked at.
std::optional<process_entry> read_process(int proc, pid_t pid, const process_list_options& options,
                                          const node_clock& clock)
{
    // Through one descriptor, so that all files are those of one process even when the number is reused.
    const std::string name = std::to_string(pid);
    const unique_fd directory(::openat(proc, name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return std::nullopt;
    const auto stat_text = host::read_file_at(directory.get(), "stat", stat_limit, name);
    const auto status_text = host::read_file_at(directory.get(), "status", status_limit, name);
    const auto command = host::read_file_at(directory.get(), "cmdline", options.command_limit_bytes, name);
    if (!stat_text || !status_text || !command) return std::nullopt;
    auto stat = host::parse_process_stat(stat_text->text);
    auto status = host::parse_process_status(status_text->text);
    if (!stat || !status) return std::nullopt;

    std::optional<process_entry> process(std::in_place);
    process->stat = std::move(*stat);
    process->status = *status;
    process->command = host::parse_command_line(command->text);
    process->command_truncated = command->truncated;
    if (process->command.empty()) process->command.push_back(fmt::format("[{}]", process->stat.comm));
    add_times(*process, clock);
    return process;
}

}  // namespace

result<process_list> blocking_read_processes(const process_list_options& options, deadline limit,
                                             const abandon_flag& abandoned)
{
    const std::string path = host::under_root(options.root, "/proc");
    const directory_stream proc(::opendir(path.c_str()));
    if (!proc) return from_errno(errno, "process list: open " + path);
    const auto clock = read_clock(options.root);
    if (!clock) return clock.error();
    const auto pids = list_pids(proc.get(), path);
    if (!pids) return pids.error();

    process_list list;
    list.total = pids->size();
    list.processes.reserve(std::min(pids->size(), options.process_limit));
    for (std::size_t i = 0; i < pids->size(); ++i) {
        if (list.processes.size() == options.process_limit) {
            list.truncated = true;
            break;
        }
        if (i % check_every == 0) {
            if (abandoned.raised()) return error(failure::cancelled, "process list: the caller went away");
            if (limit.passed()) {
                return error(failure::timed_out, fmt::format("process list: {} of {} processes read within {}", i,
                                                             pids->size(), duration_text(limit.limit())));
            }
        }
        if (auto process = read_process(::dirfd(proc.get()), (*pids)[i], options, *clock)) {
            list.processes.push_back(std::move(*process));
        }
    }
    return list;
}

task<result<process_list>> process_list_collector::collect(deadline limit)
{
    auto work = [options = options_, limit](const abandon_flag& abandoned) {
        return blocking_read_processes(options, limit, abandoned);
    };
    co_return co_await pool_.run("process list", limit, std::move(work));
}

void append_process_json(std::string& out, const process_entry& process)
{
    const host::process_stat& stat = process.stat;
    const host::process_status& status = process.status;
    const auto to = std::back_inserter(out);
    fmt::format_to(to, R"({{"pid":{},"ppid":{},"tgid":{},"command":[)", stat.pid, stat.parent, status.thread_group);
    for (std::size_t i = 0; i < process.command.size(); ++i) {
        if (i != 0) out += ',';
        append_json_string(out, process.command[i]);
    }
    out += ']';
    if (process.command_truncated) out += R"(,"commandTruncated":true)";
    out += R"(,"status":)";
    append_json_string(out, std::string_view(&stat.state, 1));
    fmt::format_to(to, R"(,"createTime":"{}","cpuPercent":{:.2f},"nice":{},"memoryInfo":{{)", process.create_time,
                   process.cpu_percent, stat.nice);
    fmt::format_to(to, R"("rss":{},"vms":{},"hwm":{},"data":{},"stack":{},"locked":{},"swap":{}}}}})", status.rss_bytes,
                   status.vms_bytes, status.hwm_bytes, status.data_bytes, status.stack_bytes, status.locked_bytes,
                   status.swap_bytes);
}

std::string process_list_json(const process_list& list)
{
    std::string out = "[";
    for (const process_entry& process : list.processes) {
        if (out.size() > 1) out += ',';
        append_process_json(out, process);
    }
    out += ']';
    return out;
}

}  // namespace nodescope
