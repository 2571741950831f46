#include "server/api/cadvisor/go_values.hpp"

#include "collectors/cadvisor/go_quoted.hpp"
#include "server/http/ascii.hpp"

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
std::optional<std::int64_t> take_digits(std::string_view& text, std::size_t most = std::string_view::npos)
{
    constexpr auto largest = std::numeric_limits<std::int64_t>::max();
    std::int64_t value = 0;
    std::size_t used = 0;
    for (; used < std::min(text.size(), most) && http::is_digit(text[used]); ++used) {
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

/// Exactly `digits` decimal digits, and `end` behind them unless it is NUL.
std::optional<unsigned> take_number(std::string_view& text, std::size_t digits, char end = '\0')
{
    const std::size_t before = text.size();
    const auto value = take_digits(text, digits);
    if (!value || before - text.size() != digits) return std::nullopt;
    if (end == '\0') return static_cast<unsigned>(*value);
    if (!text.starts_with(end)) return std::nullopt;
    text.remove_prefix(1);
    return static_cast<unsigned>(*value);
}

std::optional<std::chrono::minutes> take_offset(std::string_view text)
{
    if (text == "Z") return std::chrono::minutes(0);
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    const int sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
    const auto hours = take_number(text, 2, ':');
    const auto minutes = hours ? take_number(text, 2) : std::nullopt;
    if (!minutes || *hours > 24 || *minutes > 60) return std::nullopt;
    return sign * (std::chrono::hours(*hours) + std::chrono::minutes(*minutes));
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
    using namespace std::chrono;
    std::string_view rest = text;
    const auto year_number = take_number(rest, 4, '-');
    const auto month_number = year_number ? take_number(rest, 2, '-') : std::nullopt;
    const auto day_number = month_number ? take_number(rest, 2, 'T') : std::nullopt;
    const auto hour_number = day_number ? take_number(rest, 2, ':') : std::nullopt;
    const auto minute_number = hour_number ? take_number(rest, 2, ':') : std::nullopt;
    const auto second_number = minute_number ? take_number(rest, 2) : std::nullopt;
    if (!second_number || *hour_number > 23 || *minute_number > 59 || *second_number > 59) return std::nullopt;
    const year_month_day date(year(static_cast<int>(*year_number)), month(*month_number), day(*day_number));
    // The range of nanoseconds in 64 bits, with a day to spare for the offset.
    if (!date.ok() || *year_number < 1678 || *year_number > 2261) return std::nullopt;
    std::int64_t nanosecond_number = 0;
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        std::string_view digits = rest.substr(0, rest.find_first_not_of("0123456789"));
        if (!take_fraction(rest)) return std::nullopt;
        const std::size_t kept = std::min<std::size_t>(digits.size(), 9);
        nanosecond_number = take_digits(digits, kept).value_or(0);
        for (std::size_t place = kept; place < 9; ++place) nanosecond_number *= 10;
    }
    const auto offset = take_offset(rest);
    if (!offset) return std::nullopt;
    return sys_days(date) + hours(*hour_number) + minutes(*minute_number) + seconds(*second_number) +
           nanoseconds(nanosecond_number) - *offset;
}

}  // namespace nodescope::api
