#include "collectors/questions/process_list.hpp"

#include "collectors/host/proc/process_walk.hpp"
#include "core/files/bounded_file.hpp"
#include "core/json/writer.hpp"
#include "core/rfc3339.hpp"

#include <fmt/format.h>

#include <algorithm>
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

void append_process_json(json_writer& json, const process_entry& process)
{
    const host::process_stat& stat = process.stat;
    const host::process_status& status = process.status;
    json.object([&] {
        json.member("pid", stat.pid);
        json.member("ppid", stat.parent);
        json.member("tgid", status.thread_group);
        json.list_member("command", process.command);
        if (process.command_truncated) json.member("commandTruncated", true);
        json.member("status", std::string_view(&stat.state, 1));
        json.member("createTime", process.create_time);
        json.raw_member("cpuPercent", fmt::format("{:.2f}", process.cpu_percent));
        json.member("nice", stat.nice);
        json.object_member("memoryInfo", [&] {
            json.member("rss", status.rss_bytes);
            json.member("vms", status.vms_bytes);
            json.member("hwm", status.hwm_bytes);
            json.member("data", status.data_bytes);
            json.member("stack", status.stack_bytes);
            json.member("locked", status.locked_bytes);
            json.member("swap", status.swap_bytes);
        });
    });
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

std::string process_list_json(const process_list& list)
{
    std::string out;
    json_writer json(out);
    json.array(list.processes, [&](const process_entry& process) { append_process_json(json, process); });
    return out;
}

}  // namespace nodescope
