#include "collectors/runtime/human_words.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace nodescope {

std::string human_duration(std::chrono::seconds length)
{
    constexpr std::int64_t day = 24;
    constexpr std::int64_t week = 7 * day;
    constexpr std::int64_t month = 30 * day;
    constexpr std::int64_t year = 365 * day;
    constexpr std::int64_t half_hour = 1800;
    const std::int64_t seconds = length.count();
    if (seconds < 1) return "Less than a second";
    if (seconds == 1) return "1 second";
    if (seconds < 60) return fmt::format("{} seconds", seconds);
    const std::int64_t minutes = seconds / 60;
    if (minutes == 1) return "About a minute";
    if (minutes < 60) return fmt::format("{} minutes", minutes);
    const std::int64_t hours = (seconds + half_hour) / 3600;
    if (hours == 1) return "About an hour";
    if (hours < 2 * day) return fmt::format("{} hours", hours);
    if (hours < 2 * week) return fmt::format("{} days", hours / day);
    if (hours < 2 * month) return fmt::format("{} weeks", hours / week);
    if (hours < 2 * year) return fmt::format("{} months", hours / month);
    return fmt::format("{} years", seconds / 3600 / year);
}

std::string command_text(const std::vector<std::string>& arguments)
{
    std::string text;
    for (const std::string& one : arguments) {
        if (!text.empty()) text += ' ';
        const bool quoted = one.find(' ') != std::string::npos;
        text += quoted ? "'" + one + "'" : one;
    }
    return text;
}

}  // namespace nodescope
