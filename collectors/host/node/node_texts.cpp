#include "collectors/host/node/node_texts.hpp"

#include "collectors/host/node/sys_file.hpp"
#include "core/ascii.hpp"
#include "core/text_scan.hpp"

#include <bit>
#include <limits>

namespace nodescope::host {

namespace {

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
        thousandths = thousandths * 10 + (is_digit(digit) ? static_cast<std::uint64_t>(digit - '0') : 0);
    }
    return *whole * 1000 + thousandths;
}

}  // namespace

std::optional<std::uint64_t> parse_kibibytes(std::string_view text)
{
    fields words(text);
    const auto number = whole_number<std::uint64_t>(words.next());
    if (!number || words.next() != "kB" || *number > std::numeric_limits<std::uint64_t>::max() / 1024) {
        return std::nullopt;
    }
    return *number * 1024;
}

std::uint64_t parse_meminfo(std::string_view text, std::string_view key)
{
    std::uint64_t bytes = 0;
    for_each_line(text, [&](std::string_view line) {
        const auto row = split_at(line, ':');
        // "Node 0 MemTotal" in the text of a NUMA node.
        if (!row || !has_part(row->first, ' ', key)) return true;
        bytes = parse_kibibytes(row->second).value_or(0);
        return false;
    });
    return bytes;
}

cpu_summary parse_cpuinfo(std::string_view cpuinfo)
{
    cpu_summary summary;
    for_each_line(cpuinfo, [&](std::string_view line) {
        // "cpu MHz\t\t: 2000.000"
        const auto row = split_at(line, ':');
        if (!row) return true;
        const std::string_view key = trimmed(row->first);
        const std::string_view value = trimmed(row->second);
        // s390x writes "processor 0: version = …", the others "processor : 0".
        const bool of_processor = key == "processor" || key.starts_with("processor ");
        if (of_processor && !value.empty()) ++summary.processors;
        if (key == "vendor_id" && summary.vendor.empty()) summary.vendor = value;
        const bool of_clock = key == "cpu MHz" || key == "CPU MHz" || key == "clock";
        if (of_clock && summary.first_khz == 0) summary.first_khz = kilohertz(value);
        return true;
    });
    return summary;
}

std::optional<std::string> parse_os_name(std::string_view os_release)
{
    std::optional<std::string> name;
    for_each_line(os_release, [&](std::string_view line) {
        const auto row = split_at(line, '=');
        if (!row || trimmed(row->first) != "PRETTY_NAME") return true;
        std::string_view value = trimmed(row->second);
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
        const auto name = split_at(line, ':');
        const auto password = name ? split_at(name->second, ':') : std::nullopt;
        const auto number = password ? split_at(password->second, ':') : std::nullopt;
        if (!number || name->first.empty() || line.front() == '#') return true;
        if (const auto uid = whole_number<uid_t>(number->first)) names.emplace(*uid, name->first);
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
    const auto before = split_at(text, '[');
    const auto chosen = before ? split_at(before->second, ']') : std::nullopt;
    return chosen && !chosen->first.empty() ? std::string(chosen->first) : "none";
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> parse_device_number(std::string_view text)
{
    const auto numbers = split_at(text, ':');
    if (!numbers) return std::nullopt;
    const auto major = whole_number<std::uint32_t>(numbers->first);
    const auto minor = whole_number<std::uint32_t>(numbers->second);
    if (!major || !minor) return std::nullopt;
    return std::pair(*major, *minor);
}

}  // namespace nodescope::host
