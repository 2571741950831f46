#include "collectors/questions/process_list.hpp"

#include "collectors/host/proc/process_walk.hpp"
#include "core/files/bounded_file.hpp"
#include "core/rfc3339.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace nodescope {

namespace {

constexpr std::size_t stat_limit = 4096;
constexpr std::size_t status_limit = 64UL * 1024UL;

void add_times(process_entry& process, const host::node_clock& clock)
{
    const std::uint64_t hertz = clock.ticks_per_second;
    const host::process_stat& stat = process.stat;
    const auto since_boot =
        std::chrono::milliseconds(stat.start_ticks / hertz * 1000 + stat.start_ticks % hertz * 1000 / hertz);
    process.create_time = host::rfc3339(host::utc_time(std::chrono::seconds(clock.boot_seconds)) + since_boot);

    const double age_seconds = clock.age_seconds(stat.start_ticks);
    const double used_seconds = clock.seconds(stat.user_ticks + stat.system_ticks);
    // A process younger than the clock's step has no meaningful share yet.
    if (age_seconds > 0) process.cpu_percent = 100.0 * used_seconds / age_seconds;
}

// Nothing when the process ended before all of it was read, or may not be looked at.
std::optional<process_entry> read_process(const host::walked_process& at, const process_list_options& options,
                                          const host::node_clock& clock)
{
    const auto stat_text = files::read_file_at(at.directory, "stat", stat_limit, at.name);
    const auto status_text = files::read_file_at(at.directory, "status", status_limit, at.name);
    const auto command = files::read_file_at(at.directory, "cmdline", options.command_limit_bytes, at.name);
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
    const auto clock = host::blocking_read_clock(options.root);
    if (!clock) return clock.error();
    process_list list;
    const auto walk = host::blocking_walk_processes(options.root, "process list", options.process_limit, limit,
                                                    abandoned, [&](const host::walked_process& at) {
                                                        auto process = read_process(at, options, *clock);
                                                        if (process) list.processes.push_back(std::move(*process));
                                                        return process.has_value();
                                                    });
    if (!walk) return walk.error();
    list.total = walk->total;
    list.truncated = walk->truncated;
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
