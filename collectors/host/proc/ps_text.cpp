#include "collectors/host/proc/ps_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace nodescope::host {

namespace {

constexpr std::size_t user_width = 8;
constexpr std::size_t command_width = 15;
constexpr std::uint64_t whole = 1000;  // permille

}  // namespace

std::string ps_state(const process_stat& stat, const process_status& status)
{
    std::string text(1, stat.state);
    if (stat.nice < 0) text += '<';
    if (stat.nice > 0) text += 'N';
    if (status.locked_bytes > 0) text += 'L';
    if (stat.session == stat.pid) text += 's';
    if (stat.threads > 1) text += 'l';
    if (stat.group == stat.terminal_group) text += '+';
    return text;
}

std::string ps_start_time(std::time_t started, std::time_t now)
{
    std::tm began{};
    std::tm today{};
    if (::localtime_r(&started, &began) == nullptr || ::localtime_r(&now, &today) == nullptr) return "-";
    if (began.tm_year != today.tm_year) return fmt::format("{}", 1900L + began.tm_year);
    if (began.tm_yday == today.tm_yday) return fmt::format("{:02}:{:02}", began.tm_hour, began.tm_min);
    // strftime's %b depends on the locale; ps is run in the C locale.
    static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return fmt::format("{}{:02}", months.at(static_cast<std::size_t>(began.tm_mon)), began.tm_mday);
}

std::string ps_running_time(std::uint64_t seconds)
{
    const std::uint64_t days = seconds / 86'400;
    const std::string clock = fmt::format("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    return days == 0 ? clock : fmt::format("{:02}-{}", days, clock);
}

std::string ps_user(std::string_view name)
{
    if (name.size() <= user_width) return std::string(name);
    return fmt::format("{}+", name.substr(0, user_width - 1));
}

std::string ps_command(std::string_view comm) { return std::string(comm.substr(0, command_width)); }

std::uint64_t ps_cpu_permille(std::uint64_t used_ticks, std::uint64_t ticks_per_second, double age_seconds) noexcept
{
    if (age_seconds < 1 || ticks_per_second == 0) return 0;
    const double used = static_cast<double>(used_ticks) / static_cast<double>(ticks_per_second);
    const double share = used * static_cast<double>(whole) / std::trunc(age_seconds);  // ps counts whole seconds
    return static_cast<std::uint64_t>(std::min(share, 1e15));
}

std::uint64_t ps_memory_permille(std::uint64_t bytes, std::uint64_t total_bytes) noexcept
{
    if (total_bytes == 0) return 0;
    const double share = static_cast<double>(bytes) * static_cast<double>(whole) / static_cast<double>(total_bytes);
    return static_cast<std::uint64_t>(std::min(share, static_cast<double>(whole - 1)));
}

}  // namespace nodescope::host
