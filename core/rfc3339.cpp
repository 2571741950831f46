#include "core/rfc3339.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace nodescope {

namespace {

// Takes exactly `digits` decimal digits, then `end` (unless it is NUL), off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits, char end)
{
    int value = 0;
    if (text.size() < digits + (end != '\0' ? 1U : 0U)) return std::nullopt;
    for (const char digit : text.substr(0, digits)) {
        if (digit < '0' || digit > '9') return std::nullopt;
        value = value * 10 + (digit - '0');
    }
    if (end != '\0' && text[digits] != end) return std::nullopt;
    text.remove_prefix(digits + (end != '\0' ? 1U : 0U));
    return value;
}

// ".123456789" to 123456789; nothing when the dot stands alone. Digits beyond the nanosecond are dropped.
std::optional<int> take_nanoseconds(std::string_view& text)
{
    if (!text.starts_with('.')) return 0;
    text.remove_prefix(1);
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < 9; ++i) value = value * 10 + (i < digits ? text[i] - '0' : 0);
    text.remove_prefix(digits);
    return value;
}

std::optional<std::chrono::minutes> take_offset(std::string_view text)
{
    if (text == "Z" || text == "z") return std::chrono::minutes(0);
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    const int sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
    const auto hours = take_number(text, 2, ':');
    if (!hours) return std::nullopt;
    const auto minutes = take_number(text, 2, '\0');
    if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    return std::chrono::minutes(sign * (*hours * 60 + *minutes));
}

// Apart, because nanoseconds since 1970 do not reach back to the year 1, which Docker writes for "never".
struct read_time_parts {
    std::chrono::sys_seconds second;
    std::chrono::nanoseconds fraction;
};

std::optional<read_time_parts> read_time(std::string_view text)
{
    using namespace std::chrono;
    const auto year_number = take_number(text, 4, '-');
    const auto month_number = year_number ? take_number(text, 2, '-') : std::nullopt;
    const auto day_number = month_number ? take_number(text, 2, 'T') : std::nullopt;
    const auto hour_number = day_number ? take_number(text, 2, ':') : std::nullopt;
    const auto minute_number = hour_number ? take_number(text, 2, ':') : std::nullopt;
    const auto second_number = minute_number ? take_number(text, 2, '\0') : std::nullopt;
    if (!second_number || *hour_number > 23 || *minute_number > 59 || *second_number > 60) return std::nullopt;
    const year_month_day date(year(*year_number), month(static_cast<unsigned>(*month_number)),
                              day(static_cast<unsigned>(*day_number)));
    if (!date.ok()) return std::nullopt;
    const auto fraction = take_nanoseconds(text);
    if (!fraction) return std::nullopt;
    const auto offset = take_offset(text);
    if (!offset) return std::nullopt;
    return read_time_parts{
        sys_days(date) + hours(*hour_number) + minutes(*minute_number) + seconds(*second_number) - *offset,
        nanoseconds(*fraction)};
}

error no_time(std::string_view text)
{
    return error(failure::malformed, fmt::format("\"{}\" is not an RFC 3339 time", escape_untrusted(text, 64)));
}

}  // namespace

std::string date_and_time(std::chrono::sys_seconds when)
{
    using namespace std::chrono;
    const sys_days midnight = floor<days>(when);
    const year_month_day date(midnight);
    const hh_mm_ss<seconds> clock(when - midnight);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count());
}

std::string rfc3339(exact_time when)
{
    const auto second = std::chrono::floor<std::chrono::seconds>(when);
    return fmt::format("{}.{:09}Z", date_and_time(second), (when - second).count());
}

std::string rfc3339(utc_time when)
{
    using namespace std::chrono;
    const hh_mm_ss<milliseconds> clock(when - floor<days>(when));
    std::string text = date_and_time(floor<seconds>(when));
    if (const auto hundredths = clock.subseconds().count() / 10; hundredths != 0) {
        text += fmt::format(".{:02}", hundredths);
    }
    text += 'Z';
    return text;
}

result<utc_time> parse_rfc3339(std::string_view text)
{
    const auto time = read_time(text);
    if (!time) return no_time(text);
    return time->second + std::chrono::floor<std::chrono::milliseconds>(time->fraction);
}

result<exact_time> parse_exact_rfc3339(std::string_view text)
{
    const auto time = read_time(text);
    if (!time) return no_time(text);
    constexpr auto first = std::chrono::ceil<std::chrono::seconds>(exact_time::min());
    constexpr auto last = std::chrono::floor<std::chrono::seconds>(exact_time::max()) - std::chrono::seconds(1);
    if (time->second < first || time->second > last) return no_time(text);
    return exact_time(time->second) + time->fraction;
}

}  // namespace nodescope
