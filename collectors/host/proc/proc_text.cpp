#include "collectors/host/proc/proc_text.hpp"

#include "core/text.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <optional>

namespace nodescope::host {

namespace {

constexpr pid_t highest_pid = 4'194'304;

error malformed(std::string_view file, std::string_view what)
{
    return error(failure::malformed, fmt::format("{}: {}", file, what));
}

struct memory_line {
    std::string_view key;
    std::uint64_t process_status::*value;
};
constexpr std::array memory_lines{
    memory_line{"VmRSS", &process_status::rss_bytes},   memory_line{"VmSize", &process_status::vms_bytes},
    memory_line{"VmHWM", &process_status::hwm_bytes},   memory_line{"VmData", &process_status::data_bytes},
    memory_line{"VmStk", &process_status::stack_bytes}, memory_line{"VmLck", &process_status::locked_bytes},
    memory_line{"VmSwap", &process_status::swap_bytes},
};

// "     123 kB" in bytes.
std::optional<std::uint64_t> kibibytes(std::string_view text)
{
    fields words(text);
    const auto number = whole_number<std::uint64_t>(words.next());
    if (!number || words.next() != "kB" || *number > std::numeric_limits<std::uint64_t>::max() / 1024) {
        return std::nullopt;
    }
    return *number * 1024;
}

}  // namespace

result<pid_t> parse_pid(std::string_view text)
{
    const auto number = whole_number<pid_t>(text);
    if (!number || *number < 1 || *number > highest_pid || text.front() == '0') {
        return error(failure::invalid, fmt::format("\"{}\" is not a process number: decimal digits from 1 to {}",
                                                   escape_untrusted(text, 64), highest_pid));
    }
    return *number;
}

result<process_stat> parse_process_stat(std::string_view text)
{
    // The name may hold anything, ") S 1" too: it ends at the LAST closing parenthesis, after which only numbers come.
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
        return malformed("stat", "no name in parentheses");
    }

    process_stat stat;
    fields before(text.substr(0, open));
    const auto pid = whole_number<pid_t>(before.next());
    if (!pid) return malformed("stat", "no process number");
    stat.pid = *pid;
    stat.comm = text.substr(open + 1, close - open - 1);

    fields after(text.substr(close + 1));
    const std::string_view state = after.next();
    if (state.size() != 1) return malformed("stat", "no state letter");
    stat.state = state.front();

    // Numbered as in proc(5); 3 was the state.
    for (int field = 4; field <= 22; ++field) {
        const std::string_view value = after.next();
        bool good = !value.empty();
        const auto take = [&](auto& into) {
            const auto number = whole_number<std::remove_reference_t<decltype(into)>>(value);
            if (number) into = *number;
            else good = false;
        };
        if (field == 4) take(stat.parent);
        else if (field == 5) take(stat.group);
        else if (field == 6) take(stat.session);
        else if (field == 8) take(stat.terminal_group);
        else if (field == 14) take(stat.user_ticks);
        else if (field == 15) take(stat.system_ticks);
        else if (field == 19) take(stat.nice);
        else if (field == 20) take(stat.threads);
        else if (field == 22) take(stat.start_ticks);
        if (!good) return malformed("stat", fmt::format("field {} is missing or no number", field));
    }
    for (int field = 23; field < 39; ++field) (void)after.next();
    stat.cpu = whole_number<int>(after.next()).value_or(0);
    return stat;
}

result<process_status> parse_process_status(std::string_view text)
{
    process_status status;
    std::string_view wrong;
    bool has_group = false;
    for_each_line(text, [&](std::string_view line) {
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) return true;
        const std::string_view key = line.substr(0, colon);
        const std::string_view value = line.substr(colon + 1);
        if (key == "Tgid") {
            const auto number = whole_number<pid_t>(fields(value).next());
            has_group = number.has_value();
            if (has_group) status.thread_group = *number;
            else wrong = key;
        } else if (key == "Uid") {
            fields numbers(value);  // real, effective, saved, of the filesystem
            (void)numbers.next();
            status.effective_user = whole_number<uid_t>(numbers.next());
        } else if (key.starts_with("Vm")) {
            for (const memory_line& known : memory_lines) {
                if (known.key != key) continue;
                const auto bytes = kibibytes(value);
                if (bytes) status.*known.value = *bytes;
                else wrong = known.key;
            }
        }
        return wrong.empty();
    });
    if (!wrong.empty()) return malformed("status", fmt::format("{} is no number", wrong));
    if (!has_group) return malformed("status", "no Tgid");
    return status;
}

std::vector<std::string> parse_command_line(std::string_view text)
{
    while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
    std::vector<std::string> arguments;
    while (!text.empty()) {
        const std::size_t end = text.find('\0');
        arguments.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return arguments;
}

result<std::int64_t> parse_boot_time(std::string_view proc_stat)
{
    std::optional<std::int64_t> boot;
    for_each_line(proc_stat, [&](std::string_view line) {
        fields words(line);
        if (words.next() != "btime") return true;
        boot = whole_number<std::int64_t>(words.next());
        return false;
    });
    if (!boot) return malformed("/proc/stat", "no btime");
    return *boot;
}

result<std::uint64_t> parse_uptime_centiseconds(std::string_view text)
{
    // The kernel always writes two decimals (fs/proc/uptime.c).
    const std::string_view first = fields(text).next();
    const std::size_t point = first.find('.');
    if (point == std::string_view::npos || first.size() != point + 3) return malformed("/proc/uptime", "no uptime");
    const auto seconds = whole_number<std::uint64_t>(first.substr(0, point));
    const auto hundredths = whole_number<std::uint64_t>(first.substr(point + 1));
    if (!seconds || !hundredths || *seconds > std::numeric_limits<std::uint64_t>::max() / 200) {
        return malformed("/proc/uptime", "no uptime");
    }
    return *seconds * 100 + *hundredths;
}

}  // namespace nodescope::host
