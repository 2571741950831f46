#include "collectors/host/proc/proc_text.hpp"

#include "collectors/host/node/node_texts.hpp"
#include "core/text.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
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

constexpr std::string_view loopback = "lo";
// What runtimes make on the node, by the beginnings of their names.
constexpr std::array<std::string_view, 3> made_by_runtimes{"veth", "docker", "nerdctl"};

// The columns of net/dev that are of use, by number after the colon: the first four of receiving and of sending.
struct column {
    std::size_t number;
    std::uint64_t interface_counters::*member;
};
constexpr std::array columns{
    column{0, &interface_counters::rx_bytes},   column{1, &interface_counters::rx_packets},
    column{2, &interface_counters::rx_errors},  column{3, &interface_counters::rx_dropped},
    column{8, &interface_counters::tx_bytes},   column{9, &interface_counters::tx_packets},
    column{10, &interface_counters::tx_errors}, column{11, &interface_counters::tx_dropped},
};

std::optional<interface_counters> parse_interface(std::string_view line)
{
    // A name may hold a colon (an alias), but no blank; the kernel puts a blank or a digit after the last one.
    const std::size_t colon = line.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    interface_counters interface;
    interface.name = fields(line.substr(0, colon)).next();
    if (interface.name.empty()) return std::nullopt;
    fields words(line.substr(colon + 1));
    std::size_t number = 0;
    for (const column& wanted : columns) {
        std::string_view word = words.next();
        for (; number < wanted.number; ++number) word = words.next();
        ++number;
        const auto value = whole_number<std::uint64_t>(word);
        if (!value) return std::nullopt;
        interface.*wanted.member = *value;
    }
    return interface;
}

// The fields of a line of a socket table. "sl local_address rem_address st tx_queue:rx_queue …": the first ends in a
// colon.
std::optional<fields> socket_fields(std::string_view line)
{
    fields words(line);
    if (!words.next().ends_with(':')) return std::nullopt;
    words.next();
    words.next();
    return words;
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
        const auto row = split_at(line, ':');
        if (!row) return true;
        const auto [key, value] = *row;
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
                const auto bytes = parse_kibibytes(value);
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

std::optional<uid_t> only_user(std::string_view uids)
{
    constexpr int kinds = 4;
    fields each(uids);
    std::optional<uid_t> user;
    for (int kind = 0; kind < kinds; ++kind) {
        const auto one = whole_number<uid_t>(each.next());
        if (!one || (user && *user != *one)) return std::nullopt;
        user = one;
    }
    return user;
}

std::vector<std::string> parse_command_line(std::string_view text)
{
    while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
    std::vector<std::string> arguments;
    for_each_part(text, '\0', [&](std::string_view argument) {
        arguments.emplace_back(argument);
        return true;
    });
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
    const auto parts = split_at(fields(text).next(), '.');
    const auto seconds = parts ? whole_number<std::uint64_t>(parts->first) : std::nullopt;
    const auto hundredths = parts ? whole_number<std::uint64_t>(parts->second) : std::nullopt;
    if (!seconds || !hundredths || parts->second.size() != 2 ||
        *seconds > std::numeric_limits<std::uint64_t>::max() / 200) {
        return malformed("/proc/uptime", "no uptime");
    }
    return *seconds * 100 + *hundredths;
}

bool is_left_out(std::string_view interface_name, network_owner whose) noexcept
{
    if (interface_name == loopback) return true;
    return whose == network_owner::node &&
           std::any_of(made_by_runtimes.begin(), made_by_runtimes.end(),
                       [&](std::string_view prefix) { return interface_name.starts_with(prefix); });
}

std::optional<resource_limit> parse_open_files_limit(std::string_view text)
{
    constexpr std::string_view key = "Max open files";
    const auto limit_of = [](std::string_view word) -> std::optional<std::int64_t> {
        if (word == "unlimited") return resource_limit::unlimited;
        return whole_number<std::int64_t>(word);
    };
    std::optional<resource_limit> found;
    for_each_line(text, [&](std::string_view line) {
        if (!line.starts_with(key)) return true;
        fields words(line.substr(key.size()));
        const auto soft = limit_of(words.next());
        const auto hard = limit_of(words.next());
        if (soft && hard && words.next() == "files") found = resource_limit{*soft, *hard};
        return false;
    });
    return found;
}

std::vector<interface_counters> parse_net_dev(std::string_view text, network_owner whose)
{
    std::vector<interface_counters> interfaces;
    for_each_line(text, [&](std::string_view line) {
        auto interface = parse_interface(line);
        if (interface && !is_left_out(interface->name, whose)) interfaces.push_back(std::move(*interface));
        return interfaces.size() < interface_limit;
    });
    return interfaces;
}

void count_tcp_line(std::string_view line, tcp_states& into)
{
    auto words = socket_fields(line);
    if (!words) return;
    const auto state = whole_number<unsigned>(words->next(), 16);
    if (state && *state >= 1 && *state <= into.by_state.size()) ++into.by_state.at(*state - 1);
}

void count_udp_line(std::string_view line, udp_counters& into)
{
    auto words = socket_fields(line);
    if (!words) return;
    words->next();
    const auto queues = split_at(words->next(), ':');
    if (!queues) return;
    const auto sent = whole_number<std::uint32_t>(queues->first, 16);
    const auto received = whole_number<std::uint32_t>(queues->second, 16);
    std::string_view last;
    for (std::string_view word = words->next(); !word.empty(); word = words->next()) last = word;
    const auto dropped = whole_number<std::uint64_t>(last);
    if (!sent || !received || !dropped) return;
    ++into.listen;
    into.tx_queued += *sent;
    into.rx_queued += *received;
    into.dropped += *dropped;
}

}  // namespace nodescope::host
