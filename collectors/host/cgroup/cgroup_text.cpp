#include "collectors/host/cgroup/cgroup_text.hpp"

#include "collectors/host/node/node_texts.hpp"
#include "core/text_scan.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <tuple>
#include <utility>

namespace nodescope::host {

namespace {

constexpr std::uint64_t nanoseconds_per_microsecond = 1000;
// USER_HZ, what the kernel shows times in; 100 on every architecture Debian has.
constexpr std::uint64_t nanoseconds_per_tick = 10'000'000;

// A line "key number" and where it goes.
template <class Usage>
struct keyed_figure {
    std::string_view key;
    std::uint64_t Usage::*member;
    std::uint64_t factor = 1;
};

// The number of keys that were found. Each key has `prefix` before it. Hot: once per second and container with some 50
// lines.
template <class Usage>
std::size_t read_keyed(std::string_view text, std::span<const keyed_figure<Usage>> wanted, Usage& into,
                       std::string_view prefix = {})
{
    std::size_t found = 0;
    for_each_line(text, [&](std::string_view line) {
        const auto row = split_at(line, ' ');
        if (!row || !row->first.starts_with(prefix)) return true;
        const std::string_view key = row->first.substr(prefix.size());
        for (const keyed_figure<Usage>& figure : wanted) {
            if (figure.key != key) continue;
            if (const auto value = whole_number<std::uint64_t>(row->second)) {
                into.*figure.member = *value * figure.factor;
                ++found;
            }
            break;
        }
        return true;
    });
    return found;
}

using cpu_figure = keyed_figure<cpu_usage>;
constexpr std::array cpu_stat_v1{
    cpu_figure{"nr_periods", &cpu_usage::periods},
    cpu_figure{"nr_throttled", &cpu_usage::throttled_periods},
    cpu_figure{"throttled_time", &cpu_usage::throttled_time},
    cpu_figure{"nr_bursts", &cpu_usage::burst_periods},
    cpu_figure{"burst_time", &cpu_usage::burst_time},
};
constexpr std::array cpu_stat_v2{
    cpu_figure{"user_usec", &cpu_usage::user, nanoseconds_per_microsecond},
    cpu_figure{"system_usec", &cpu_usage::system, nanoseconds_per_microsecond},
    cpu_figure{"nr_periods", &cpu_usage::periods},
    cpu_figure{"nr_throttled", &cpu_usage::throttled_periods},
    cpu_figure{"throttled_usec", &cpu_usage::throttled_time, nanoseconds_per_microsecond},
    cpu_figure{"nr_bursts", &cpu_usage::burst_periods},
    cpu_figure{"burst_usec", &cpu_usage::burst_time, nanoseconds_per_microsecond},
};
constexpr std::array cpu_time_v2{cpu_figure{"usage_usec", &cpu_usage::total, nanoseconds_per_microsecond}};
constexpr std::array cpuacct_stat{
    cpu_figure{"user", &cpu_usage::user, nanoseconds_per_tick},
    cpu_figure{"system", &cpu_usage::system, nanoseconds_per_tick},
};

using memory_figure = keyed_figure<memory_usage>;
constexpr std::array memory_stat_v1{
    memory_figure{"total_inactive_file", &memory_usage::inactive_file},
    memory_figure{"total_active_file", &memory_usage::active_file},
    memory_figure{"pgfault", &memory_usage::page_faults},
    memory_figure{"pgmajfault", &memory_usage::major_page_faults},
};
// With "total_" before each key what is below counts too.
constexpr std::array memory_sums_v1{
    memory_figure{"cache", &memory_usage::cache},
    memory_figure{"rss", &memory_usage::rss},
    memory_figure{"swap", &memory_usage::swap},
    memory_figure{"mapped_file", &memory_usage::mapped_file},
};
constexpr std::array memory_stat_v2{
    memory_figure{"anon", &memory_usage::rss},
    memory_figure{"file", &memory_usage::cache},
    memory_figure{"file_mapped", &memory_usage::mapped_file},
    memory_figure{"file_dirty", &memory_usage::file_dirty},
    memory_figure{"file_writeback", &memory_usage::file_writeback},
    memory_figure{"inactive_file", &memory_usage::inactive_file},
    memory_figure{"active_file", &memory_usage::active_file},
    memory_figure{"workingset_refault_anon", &memory_usage::refaults_anon},
    memory_figure{"workingset_refault_file", &memory_usage::refaults_file},
    memory_figure{"pgscan", &memory_usage::pages_scanned},
    memory_figure{"pgsteal", &memory_usage::pages_stolen},
    memory_figure{"pgfault", &memory_usage::page_faults},
    memory_figure{"pgmajfault", &memory_usage::major_page_faults},
};
// What "kernel" is the sum of, where it is not said (before Linux 5.18).
constexpr std::array kernel_parts{
    memory_figure{"kernel_stack", &memory_usage::kernel},
    memory_figure{"pagetables", &memory_usage::kernel},
    memory_figure{"percpu", &memory_usage::kernel},
    memory_figure{"slab", &memory_usage::kernel},
};
constexpr std::array kernel_sum{memory_figure{"kernel", &memory_usage::kernel}};
constexpr std::array memory_events{
    memory_figure{"high", &memory_usage::high_events},
    memory_figure{"max", &memory_usage::max_events},
    memory_figure{"low", &memory_usage::low_events},
    memory_figure{"oom", &memory_usage::oom_events},
    memory_figure{"oom_kill", &memory_usage::oom_kill_events},
    memory_figure{"oom_group_kill", &memory_usage::oom_group_kill_events},
};
constexpr std::array swap_events{
    memory_figure{"high", &memory_usage::swap_high_events},
    memory_figure{"max", &memory_usage::swap_max_events},
    memory_figure{"fail", &memory_usage::swap_fail_events},
};

struct named_operation {
    std::string_view name;
    io_operation operation;
};
constexpr std::array operations{
    named_operation{"Read", io_operation::read},   named_operation{"Write", io_operation::write},
    named_operation{"Sync", io_operation::sync},   named_operation{"Async", io_operation::async},
    named_operation{"Total", io_operation::total}, named_operation{"Discard", io_operation::discard},
};

struct named_io {
    std::string_view name;
    io_list list;
    io_operation operation;
};
constexpr std::array io_stat_keys{
    named_io{"rbytes", io_list::service_bytes, io_operation::read},
    named_io{"wbytes", io_list::service_bytes, io_operation::write},
    named_io{"rios", io_list::serviced, io_operation::read},
    named_io{"wios", io_list::serviced, io_operation::write},
    named_io{"cost.usage", io_list::cost_usage, io_operation::count},
    named_io{"cost.wait", io_list::cost_wait, io_operation::count},
    named_io{"cost.indebt", io_list::cost_indebt, io_operation::count},
    named_io{"cost.indelay", io_list::cost_indelay, io_operation::count},
};

// The entry of that device in that list, among those added since `first`; nullptr when there are too many. The figures
// of a device stand together, so it is nearly always one of the last.
io_entry* entry_of(io_usage& io, std::size_t first, io_list list, std::pair<std::uint32_t, std::uint32_t> device)
{
    for (std::size_t i = io.size(); i > first; --i) {
        io_entry& entry = io[i - 1];
        if (std::pair(entry.major, entry.minor) != device) break;
        if (entry.list == list) return &entry;
    }
    if (io.size() >= io_entry_limit) return nullptr;
    io_entry& added = io.emplace_back();
    added.list = list;
    std::tie(added.major, added.minor) = device;
    return &added;
}

void parse_average(std::string_view text, double& into)
{
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, code] = std::from_chars(text.data(), end, value);
    if (code == std::errc{} && stopped == end && std::isfinite(value) && value >= 0) into = value;
}

pressure_line parse_pressure_line(fields words)
{
    pressure_line line;
    for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
        const auto pair = split_at(word, '=');
        if (!pair) continue;
        if (pair->first == "avg10") parse_average(pair->second, line.avg10);
        if (pair->first == "avg60") parse_average(pair->second, line.avg60);
        if (pair->first == "avg300") parse_average(pair->second, line.avg300);
        if (pair->first == "total") line.total = whole_number<std::uint64_t>(pair->second).value_or(0);
    }
    return line;
}

}  // namespace

std::optional<std::uint64_t> parse_figure(std::string_view text)
{
    const std::string_view word = fields(text).next();
    if (word == "max") return cgroup_limits::unlimited;
    return whole_number<std::uint64_t>(word);
}

void parse_cpu_stat_v1(std::string_view text, cpu_usage& into) { read_keyed<cpu_usage>(text, cpu_stat_v1, into); }

bool parse_cpu_stat_v2(std::string_view text, cpu_usage& into)
{
    read_keyed<cpu_usage>(text, cpu_stat_v2, into);
    return read_keyed<cpu_usage>(text, cpu_time_v2, into) != 0;
}

void parse_cpuacct_stat(std::string_view text, cpu_usage& into) { read_keyed<cpu_usage>(text, cpuacct_stat, into); }

std::vector<std::uint64_t> parse_cpu_list(std::string_view text)
{
    std::vector<std::uint64_t> list;
    fields words(text);
    for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
        const auto value = whole_number<std::uint64_t>(word);
        if (!value) return {};
        list.push_back(*value);
    }
    return list;
}

bool parse_memory_stat_v1(std::string_view text, bool hierarchical, memory_usage& into)
{
    const std::size_t found = read_keyed<memory_usage>(text, memory_sums_v1, into, hierarchical ? "total_" : "");
    return read_keyed<memory_usage>(text, memory_stat_v1, into) + found != 0;
}

bool parse_memory_stat_v2(std::string_view text, memory_usage& into)
{
    const std::size_t found = read_keyed<memory_usage>(text, memory_stat_v2, into);
    if (read_keyed<memory_usage>(text, kernel_sum, into) != 0) return true;
    bool any = found != 0;
    for (const memory_figure& one : kernel_parts) {
        memory_usage part;
        any = read_keyed<memory_usage>(text, std::span(&one, 1), part) != 0 || any;
        into.kernel += part.kernel;
    }
    return any;
}

void parse_memory_events(std::string_view text, memory_usage& into)
{
    into.has_events = read_keyed<memory_usage>(text, memory_events, into) != 0;
    into.fail_count = into.max_events;
}

void parse_swap_events(std::string_view text, memory_usage& into)
{
    into.has_swap_events = read_keyed<memory_usage>(text, swap_events, into) != 0;
}

std::optional<std::uint64_t> parse_oom_kills(std::string_view text)
{
    std::optional<std::uint64_t> kills;
    for_each_line(text, [&](std::string_view line) {
        fields words(line);
        if (words.next() == "oom_kill") kills = whole_number<std::uint64_t>(words.next());
        return !kills;
    });
    return kills;
}

void set_working_set(memory_usage& memory) noexcept
{
    memory.working_set = memory.usage - std::min(memory.usage, memory.inactive_file);
}

void parse_blkio(std::string_view text, io_list list, io_usage& into)
{
    const std::size_t first = into.size();
    for_each_line(text, [&](std::string_view line) {
        fields words(line);
        const auto device = parse_device_number(words.next());
        if (!device) return true;
        io_operation operation = io_operation::count;
        std::string_view value = words.next();
        const auto* const named =
            std::find_if(operations.begin(), operations.end(), [&](const auto& one) { return one.name == value; });
        if (named != operations.end()) {
            operation = named->operation;
            value = words.next();
        }
        const auto figure = whole_number<std::uint64_t>(value);
        if (!figure) return true;
        io_entry* const entry = entry_of(into, first, list, *device);
        if (entry == nullptr) return false;
        entry->set(operation, *figure);
        return true;
    });
}

void parse_io_stat(std::string_view text, io_usage& into)
{
    const std::size_t first = into.size();
    for_each_line(text, [&](std::string_view line) {
        // Devices without figures have no end of line: "7:1 7:0 8:0 rbytes=1" (blkcg_print_one_stat in
        // block/blk-cgroup.c before Linux 6.7), and one that is going away is "(unknown)". Figures are of the last.
        std::optional<std::pair<std::uint32_t, std::uint32_t>> device;
        fields words(line);
        for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
            const auto pair = split_at(word, '=');
            if (!pair) device = parse_device_number(word);
            if (!pair || !device) continue;
            const auto* const key = std::find_if(io_stat_keys.begin(), io_stat_keys.end(),
                                                 [&](const named_io& one) { return one.name == pair->first; });
            const auto figure = whole_number<std::uint64_t>(pair->second);
            if (key == io_stat_keys.end() || !figure) continue;
            io_entry* const entry = entry_of(into, first, key->list, *device);
            if (entry == nullptr) return false;
            entry->set(key->operation, *figure);
        }
        return true;
    });
}

void sort_io(io_usage& io)
{
    const auto key = [](const io_entry& entry) { return std::tuple(entry.list, entry.major, entry.minor); };
    std::sort(io.begin(), io.end(), [&](const io_entry& a, const io_entry& b) { return key(a) < key(b); });
}

std::optional<pressure> parse_pressure(std::string_view text)
{
    std::optional<pressure> both;
    pressure_line full;
    for_each_line(text, [&](std::string_view line) {
        fields words(line);
        const std::string_view kind = words.next();
        if (kind == "some") both.emplace().some = parse_pressure_line(words);
        if (kind == "full") full = parse_pressure_line(words);
        return true;
    });
    if (both) both->full = full;
    return both;
}

void parse_cpu_max(std::string_view text, cgroup_limits& into)
{
    fields words(text);
    into.cpu_quota = whole_number<std::uint64_t>(words.next());
    into.cpu_period = whole_number<std::uint64_t>(words.next()).value_or(0);
}

std::uint64_t shares_of_weight(std::uint64_t weight) noexcept
{
    // sched_weight_from_cgroup() in kernel/sched/sched.h: the scheduler's weight is that of v1's shares.
    constexpr std::uint64_t most = 10'000;
    constexpr std::uint64_t usual_weight = 100;
    constexpr std::uint64_t usual_shares = 1024;
    return (std::min(weight, most) * usual_shares + usual_weight / 2) / usual_weight;
}

}  // namespace nodescope::host
