#include "collectors/host/node/node_texts.hpp"

#include "collectors/host/node/sys_file.hpp"
#include "core/text_scan.hpp"

#include <bit>
#include <charconv>
#include <limits>

namespace nodescope::host {

namespace {

// "   123 kB" in bytes; 0 for what is none.
std::uint64_t kibibytes(std::string_view text)
{
    fields words(text);
    const auto number = whole_number<std::uint64_t>(words.next());
    if (!number || words.next() != "kB" || *number > std::numeric_limits<std::uint64_t>::max() / 1024) return 0;
    return *number * 1024;
}

struct key_value {
    std::string_view key;
    std::string_view value;
};

// "cpu MHz\t\t: 2000.000"
std::optional<key_value> split_at(std::string_view line, char separator)
{
    const std::size_t at = line.find(separator);
    if (at == std::string_view::npos) return std::nullopt;
    return key_value{trimmed(line.substr(0, at)), trimmed(line.substr(at + 1))};
}

// "2000.123" or "2000.123MHz" in kHz; 0 without a fraction, as cAdvisor reads it, or beyond reason.
std::uint64_t kilohertz(std::string_view megahertz)
{
    constexpr std::size_t most_digits = 9;
    const std::size_t point = megahertz.find('.');
    if (point > most_digits) return 0;  // npos too
    const auto whole = whole_number<std::uint64_t>(megahertz.substr(0, point));
    if (!whole) return 0;
    std::uint64_t thousandths = 0;
    for (std::size_t place = 1; place <= 3; ++place) {
        const char digit = point + place < megahertz.size() ? megahertz[point + place] : '0';
        const bool is_digit = digit >= '0' && digit <= '9';
        thousandths = thousandths * 10 + (is_digit ? static_cast<std::uint64_t>(digit - '0') : 0);
    }
    return *whole * 1000 + thousandths;
}

bool names_controller(std::string_view list, std::string_view wanted)
{
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        if (list.substr(0, comma) == wanted) return true;
        if (comma == std::string_view::npos) return false;
        list.remove_prefix(comma + 1);
    }
    return false;
}

}  // namespace

result<memory_totals> parse_memory_totals(std::string_view meminfo)
{
    memory_totals totals;
    for_each_line(meminfo, [&](std::string_view line) {
        const auto row = split_at(line, ':');
        if (row && row->key == "MemTotal") totals.memory = kibibytes(row->value);
        if (row && row->key == "SwapTotal") totals.swap = kibibytes(row->value);
        return true;
    });
    if (totals.memory == 0) return error(failure::malformed, "meminfo: no MemTotal");
    return totals;
}

std::uint64_t parse_numa_memory(std::string_view node_meminfo)
{
    std::uint64_t bytes = 0;
    for_each_line(node_meminfo, [&](std::string_view line) {
        const auto row = split_at(line, ':');
        if (!row || !row->key.ends_with(" MemTotal")) return true;
        bytes = kibibytes(row->value);
        return false;
    });
    return bytes;
}

cpu_summary parse_cpuinfo(std::string_view cpuinfo)
{
    cpu_summary summary;
    for_each_line(cpuinfo, [&](std::string_view line) {
        const auto row = split_at(line, ':');
        if (!row) return true;
        // s390x writes "processor 0: version = …", the others "processor : 0".
        const bool of_processor = row->key == "processor" || row->key.starts_with("processor ");
        if (of_processor && !row->value.empty()) ++summary.processors;
        if (row->key == "vendor_id" && summary.vendor.empty()) summary.vendor = row->value;
        const bool of_clock = row->key == "cpu MHz" || row->key == "CPU MHz" || row->key == "clock";
        if (of_clock && summary.first_khz == 0) summary.first_khz = kilohertz(row->value);
        return true;
    });
    return summary;
}

std::optional<std::string> parse_os_name(std::string_view os_release)
{
    std::optional<std::string> name;
    for_each_line(os_release, [&](std::string_view line) {
        const auto row = split_at(line, '=');
        if (!row || row->key != "PRETTY_NAME") return true;
        std::string_view value = row->value;
        const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'');
        if (quoted && value.back() == value.front()) value = value.substr(1, value.size() - 2);
        name = value;
        return false;
    });
    return name;
}

std::map<uid_t, std::string> parse_user_names(std::string_view passwd)
{
    std::map<uid_t, std::string> names;
    for_each_line(passwd, [&](std::string_view line) {
        const std::size_t name = line.find(':');
        if (name == std::string_view::npos || name == 0 || line.front() == '#') return true;
        const std::size_t password = line.find(':', name + 1);
        if (password == std::string_view::npos) return true;
        const std::size_t number = line.find(':', password + 1);
        if (number == std::string_view::npos) return true;
        const auto uid = whole_number<uid_t>(line.substr(password + 1, number - password - 1));
        if (uid) names.emplace(*uid, line.substr(0, name));
        return true;
    });
    return names;
}

std::optional<std::uint64_t> parse_cache_size(std::string_view text)
{
    unsigned shift = 0;
    if (text.ends_with('K')) shift = 10;
    else if (text.ends_with('M')) shift = 20;
    else if (text.ends_with('G')) shift = 30;
    if (shift != 0) text.remove_suffix(1);
    const auto number = whole_number<std::uint64_t>(text);
    if (!number || *number > (std::numeric_limits<std::uint64_t>::max() >> shift)) return std::nullopt;
    return *number << shift;
}

std::optional<std::size_t> count_cpu_mask(std::string_view mask)
{
    std::size_t bits = 0;
    bool any = false;
    for (const char digit : mask) {
        if (digit == ',') continue;
        const auto value = whole_number<unsigned>(std::string_view(&digit, 1), 16);
        if (!value) return std::nullopt;
        bits += static_cast<std::size_t>(std::popcount(*value));
        any = true;
    }
    if (!any) return std::nullopt;
    return bits;
}

std::string parse_scheduler(std::string_view text)
{
    const std::size_t open = text.find('[');
    const std::size_t close = text.find(']', open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos || close == open + 1) return "none";
    return std::string(text.substr(open + 1, close - open - 1));
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> parse_device_number(std::string_view text)
{
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto major = whole_number<std::uint32_t>(text.substr(0, colon));
    const auto minor = whole_number<std::uint32_t>(text.substr(colon + 1));
    if (!major || !minor) return std::nullopt;
    return std::pair(*major, *minor);
}

std::string_view cgroup_of_process(std::string_view proc_cgroup)
{
    std::string_view memory;
    std::string_view cpu;
    std::string_view unified;
    for_each_line(proc_cgroup, [&](std::string_view line) {
        // "4:memory:/docker/…"; the path may hold colons.
        const std::size_t number = line.find(':');
        const std::size_t list = number == std::string_view::npos ? number : line.find(':', number + 1);
        if (list == std::string_view::npos) return true;
        const std::string_view controllers = line.substr(number + 1, list - number - 1);
        const std::string_view path = line.substr(list + 1);
        if (controllers.empty()) unified = path;
        else if (names_controller(controllers, "memory")) memory = path;
        else if (names_controller(controllers, "cpu")) cpu = path;
        return true;
    });
    if (!memory.empty()) return memory;
    return cpu.empty() ? unified : cpu;
}

}  // namespace nodescope::host
