#include "server/api/cadvisor/go_values.hpp"

#include "collectors/cadvisor/go_quoted.hpp"
#include "core/ascii.hpp"
#include "core/rfc3339.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>

namespace nodescope::api {

namespace {

using cadvisor::go_quoted;
using std::chrono::nanoseconds;

constexpr std::array<std::pair<std::string_view, std::int64_t>, 8> duration_units{{
    {"ns", 1},
    {"us", 1'000},
    {"\xc2\xb5s", 1'000},  // U+00B5, the micro sign
    {"\xce\xbcs", 1'000},  // U+03BC, the Greek letter
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
}};

/// Decimal digits off the front. What does not fit counts as the largest number, which no unit can make a duration.
std::optional<std::int64_t> take_digits(std::string_view& text)
{
    constexpr auto largest = std::numeric_limits<std::int64_t>::max();
    std::int64_t value = 0;
    std::size_t used = 0;
    for (; used < text.size() && is_digit(text[used]); ++used) {
        const int digit = text[used] - '0';
        value = value > (largest - digit) / 10 ? largest : value * 10 + digit;
    }
    text.remove_prefix(used);
    return used == 0 ? std::nullopt : std::optional(value);
}

/// The digits behind a point as a fraction of one.
std::optional<double> take_fraction(std::string_view& text)
{
    const std::size_t length = std::min(text.find_first_not_of("0123456789"), text.size());
    double value = 0;
    double place = 1;
    for (const char digit : text.substr(0, length)) {
        place /= 10;
        value += place * (digit - '0');
    }
    text.remove_prefix(length);
    return length == 0 ? std::nullopt : std::optional(value);
}

enum class duration_fault { none, invalid, missing_unit, unknown_unit };

/// One "1.5h" off the front, added to `sum`.
duration_fault take_part(std::string_view& text, nanoseconds& sum, std::string_view& unit)
{
    const auto whole = take_digits(text);
    std::optional<double> fraction;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        fraction = take_fraction(text);
    }
    if (!whole && !fraction) return duration_fault::invalid;
    unit = text.substr(0, text.find_first_of(".0123456789"));
    if (unit.empty()) return duration_fault::missing_unit;
    const auto* const known = std::find_if(duration_units.begin(), duration_units.end(),
                                           [&](const auto& candidate) { return candidate.first == unit; });
    if (known == duration_units.end()) return duration_fault::unknown_unit;
    text.remove_prefix(unit.size());
    const std::int64_t scale = known->second;
    const auto broken = static_cast<std::int64_t>(fraction.value_or(0) * static_cast<double>(scale));
    const std::int64_t room = std::numeric_limits<std::int64_t>::max() - sum.count() - broken;
    if (room < 0 || whole.value_or(0) > room / scale) return duration_fault::invalid;
    sum += nanoseconds(whole.value_or(0) * scale + broken);
    return duration_fault::none;
}

}  // namespace

result<nanoseconds> parse_go_duration(std::string_view text)
{
    const auto refused = [&](std::string_view why, std::string_view unit = {}) {
        const std::string named = unit.empty() ? std::string() : fmt::format("unknown unit {} in ", go_quoted(unit));
        return error(failure::invalid, fmt::format("time: {}{}duration {}", named, why, go_quoted(text)));
    };
    std::string_view rest = text;
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+')) rest.remove_prefix(1);
    if (rest == "0") return nanoseconds(0);
    if (rest.empty()) return refused("invalid ");
    nanoseconds sum(0);
    while (!rest.empty()) {
        std::string_view unit;
        switch (take_part(rest, sum, unit)) {
            case duration_fault::none: break;
            case duration_fault::invalid: return refused("invalid ");
            case duration_fault::missing_unit: return refused("missing unit in ");
            case duration_fault::unknown_unit: return refused("", unit);
        }
    }
    return negative ? -sum : sum;
}

bool is_go_true(std::string_view text) noexcept
{
    constexpr std::array<std::string_view, 6> spellings{"1", "t", "T", "TRUE", "true", "True"};
    return std::find(spellings.begin(), spellings.end(), text) != spellings.end();
}

std::optional<std::chrono::sys_time<nanoseconds>> parse_go_time(std::string_view text)
{
    // Go knows no leap second and no small 'z'.
    constexpr std::size_t seconds_at = std::string_view("2026-11-20T23:42:").size();
    if (text.size() < seconds_at || text.substr(seconds_at).starts_with("60") || text.ends_with('z'))
        return std::nullopt;
    const auto time = parse_exact_rfc3339(text);
    return time ? std::optional(*time) : std::nullopt;
}

}  // namespace nodescope::api
