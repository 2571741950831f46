#include "collectors/questions/process_list.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "core/byte_budget.hpp"
#include "core/files/bounded_file.hpp"
#include "core/json/writer.hpp"
#include "core/resident_memory.hpp"
#include "core/rfc3339.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace nodescope {

namespace {

constexpr std::size_t stat_limit = 4096;
constexpr std::size_t status_limit = 64UL * 1024UL;
// What an element takes in the answer, with a short command line.
constexpr std::size_t reserve_bytes = 512;
// Of what is left beyond that, what one command line may take: so no process takes all that the others leave.
constexpr std::size_t share_of_rest = 8;
constexpr std::size_t shortest_command_bytes = 64;

// What a byte of a command line becomes in the answer, a JSON string in a JSON string: \\u001b, ",", \\\".
constexpr std::size_t control_bytes = 7;
constexpr std::size_t separator_bytes = 5;
constexpr std::size_t quoted_bytes = 4;
constexpr std::size_t other_bytes = 3;  // at most, where it is no UTF-8

std::size_t bytes_in_answer(char byte)
{
    if (byte == '\0') return separator_bytes;
    if (byte == '"' || byte == '\\') return quoted_bytes;
    const auto value = static_cast<unsigned char>(byte);
    if (value < 0x20 || value == 0x7f) return control_bytes;
    return value < 0x80 ? 1 : other_bytes;
}

// As much of the text as takes no more than `room` in the answer.
std::string_view prefix_in_answer(std::string_view text, std::size_t room)
{
    std::size_t kept = 0;
    for (std::size_t used = 0; kept < text.size(); ++kept) {
        used += bytes_in_answer(text[kept]);
        if (used > room) break;
    }
    return text.substr(0, kept);
}

struct process_entry {
    process_entry() = default;
    host::process_stat stat;
    host::process_status status;
    std::vector<std::string> command;
    bool command_truncated = false;
    std::string command_error;
    std::string create_time;  // RFC 3339, UTC
    double cpu_percent = 0;   // since the process began; 100 is one core
};

void add_times(process_entry& process, const host::node_clock& clock)
{
    const std::uint64_t hertz = clock.ticks_per_second;
    const host::process_stat& stat = process.stat;
    const auto since_boot =
        std::chrono::milliseconds(stat.start_ticks / hertz * 1000 + stat.start_ticks % hertz * 1000 / hertz);
    process.create_time = rfc3339(utc_time(std::chrono::seconds(clock.boot_seconds)) + since_boot);

    const double age_seconds = clock.age_seconds(stat.start_ticks);
    const double used_seconds = clock.seconds(stat.user_ticks + stat.system_ticks);
    // A process younger than the clock's step has no meaningful share yet.
    if (age_seconds > 0) process.cpu_percent = 100.0 * used_seconds / age_seconds;
}

// Nothing when the process ended before all of it was read, or may not be looked at.
std::optional<process_entry> read_process(const host::walked_process& at, const host::node_clock& clock)
{
    const auto stat_text = files::read_piece_at(at.directory, "stat", stat_limit, at.name);
    const auto status_text = files::read_piece_at(at.directory, "status", status_limit, at.name);
    if (!stat_text || !status_text) return std::nullopt;
    auto stat = host::parse_process_stat(stat_text->text);
    auto status = host::parse_process_status(status_text->text);
    if (!stat || !status) return std::nullopt;

    std::optional<process_entry> process(std::in_place);
    process->stat = std::move(*stat);
    process->status = *status;
    add_times(*process, clock);
    return process;
}

// Asks for command lines, for as long as that is worth it.
class command_lines {
public:
    command_lines(host::process_reader& reader, deadline limit)
        : reader_(reader), limit_(limit), patience_(limit.remaining() / 2)
    {
    }

    // False when the process has ended.
    bool add(process_entry& process, std::size_t room)
    {
        // A kernel thread or a zombie: without memory there are no arguments in it.
        if (process.status.vms_bytes == 0) return true;
        if (!refusal_.empty()) {
            process.command_error = refusal_;
            return true;
        }
        const auto asked = steady_clock::now();
        const auto text = reader_.blocking_command_line(process.stat.pid, process.stat.start_ticks, limit_);
        if (text) {
            const std::string_view kept = prefix_in_answer(text->text, room);
            process.command = host::parse_command_line(kept);
            process.command_truncated = text->truncated || kept.size() < text->text.size();
            return true;
        }
        const error& why = text.error();
        if (why.kind() == failure::gone) return false;
        process.command_error = why.message();
        if (why.kind() == failure::unavailable) refusal_ = why.message();
        if (why.kind() == failure::timed_out) hung_ += steady_clock::now() - asked;
        if (hung_ > patience_) {
            refusal_ =
                fmt::format("the command line is not asked for: those of other processes took {} and were not read",
                            duration_text(hung_));
        }
        return true;
    }

private:
    host::process_reader& reader_;
    deadline limit_;
    steady_clock::duration patience_;
    steady_clock::duration hung_{0};
    std::string refusal_;
};

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
        if (!process.command_error.empty()) json.member("commandError", process.command_error);
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

// The array as it grows, and the room it has.
class bounded_list {
public:
    explicit bounded_list(std::size_t limit_bytes) : budget_(limit_bytes) {}

    // `walk` adds the elements.
    template <class Walk>
    void fill(const Walk& walk)
    {
        json_.array(walk);
    }

    [[nodiscard]] bool full() const noexcept { return service_is_full_ || budget_.left() < reserve_bytes; }
    void leave_out(std::size_t processes = 1) noexcept { budget_.leave_out(processes); }

    // What the next command line may take when so many processes come after it.
    [[nodiscard]] std::size_t command_room(std::size_t to_come) const noexcept
    {
        const std::size_t kept = std::min(budget_.left(), to_come * reserve_bytes);
        return std::max((budget_.left() - kept) / share_of_rest, shortest_command_bytes);
    }

    bool add(const process_entry& process)
    {
        element_.clear();
        json_writer json(element_);
        append_process_json(json, process);
        in_answer_.clear();
        append_json_string(in_answer_, element_);
        if (!budget_.charge(in_answer_.size())) return false;
        json_.raw(element_);
        service_is_full_ = !memory_.may_go_on(in_answer_.size());
        ++list_.shown;
        if (!process.command_error.empty()) ++list_.unread;
        return true;
    }

    process_list take()
    {
        list_.left_out = budget_.left_out();
        return std::move(list_);
    }

private:
    byte_budget budget_;
    reading_check memory_;
    bool service_is_full_ = false;
    process_list list_;
    json_writer json_{list_.json};
    std::string element_;
    std::string in_answer_;
};

}  // namespace

result<process_list> blocking_read_processes(const process_list_options& options, host::process_reader& reader,
                                             deadline limit, const abandon_flag& abandoned)
{
    const auto clock = host::blocking_read_clock(options.root);
    if (!clock) return clock.error();
    bounded_list list(options.limit_bytes);
    command_lines commands(reader, limit);
    const auto visit = [&](const host::walked_process& at) {
        if (list.full()) {
            list.leave_out();
            return false;
        }
        auto process = read_process(at, *clock);
        if (!process || !commands.add(*process, list.command_room(at.to_come))) return false;
        if (process->command.empty()) process->command.push_back(fmt::format("[{}]", process->stat.comm));
        return list.add(*process);
    };
    result<host::process_walk> walk = host::process_walk();
    list.fill([&] {
        walk =
            host::blocking_walk_processes(options.root, "process list", options.process_limit, limit, abandoned, visit);
    });
    if (!walk) return walk.error();
    list.leave_out(walk->not_visited);
    return list.take();
}

task<result<std::shared_ptr<const process_list>>> process_list_collector::collect(deadline limit)
{
    const auto begin = [this](deadline own) { return read_all(own); };
    auto joining = calls_.join("process list", limit, begin);
    co_return co_await std::move(joining);
}

task<result<std::shared_ptr<const process_list>>> process_list_collector::read_all(deadline limit)
{
    auto work = [options = options_, reader = reader_, limit](const abandon_flag& abandoned) {
        return blocking_read_processes(options, *reader, limit, abandoned);
    };
    auto reading = pool_.run("process list", limit, std::move(work));
    auto list = co_await std::move(reading);
    if (used_) used_();
    if (!list) co_return list.error();
    statistics_.left_out += list->left_out;
    statistics_.unread += list->unread;
    co_return std::make_shared<const process_list>(std::move(*list));
}

}  // namespace nodescope
