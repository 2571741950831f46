#include "server/api/cadvisor/go_json.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <iterator>

namespace nodescope::api {

namespace {

constexpr bool is_plain(char c) noexcept
{
    return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f && c != '"' && c != '\\' &&
           c != '<' && c != '>' && c != '&';
}

void append_escape(std::string& out, unsigned point)
{
    switch (point) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: fmt::format_to(std::back_inserter(out), "\\u{:04x}", point); return;
    }
}

/// The character at the start of `bytes`, which is not plain; gives how many bytes it took.
std::size_t append_character(std::string& out, std::string_view bytes)
{
    const std::size_t length = utf8_character_length(bytes);
    const std::string_view character = bytes.substr(0, length);
    if (length == 0) {
        out += "\\ufffd";
        return 1;
    }
    if (length == 1) append_escape(out, static_cast<unsigned char>(character[0]));
    else if (length == 2 && character[0] == '\xc2' && static_cast<unsigned char>(character[1]) < 0xa0) {
        append_escape(out, static_cast<unsigned char>(character[1]));
    } else if (character == "\xe2\x80\xa8") out += "\\u2028";
    else if (character == "\xe2\x80\xa9") out += "\\u2029";
    else out += character;
    return length;
}

/// "1.2345e+20" to "123450000000000000000". Go fills up with zeros, std::to_chars with the digits of the exact value.
void append_with_zeros(std::string& out, std::string_view scientific)
{
    const std::size_t mark = scientific.find('e');
    int exponent = 0;
    std::from_chars(scientific.data() + mark + 2, scientific.data() + scientific.size(), exponent);
    int digits = 0;
    for (const char c : scientific.substr(0, mark)) {
        if (c == '.') continue;
        out += c;
        if (c != '-') ++digits;
    }
    out.append(static_cast<std::size_t>(std::max(exponent + 1 - digits, 0)), '0');
}

/// Go's "e-09" has one digit less in JSON.
std::string_view without_exponent_zero(char* begin, char* end) noexcept
{
    if (end - begin >= 4 && end[-4] == 'e' && end[-3] == '-' && end[-2] == '0') {
        end[-2] = end[-1];
        --end;
    }
    return {begin, static_cast<std::size_t>(end - begin)};
}

template <std::floating_point Number>
void append_float(std::string& out, Number value)
{
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    // Above this not every digit before the point counts.
    constexpr auto all_digits_count = static_cast<Number>(std::uint64_t{1} << (sizeof(Number) == 8 ? 53U : 24U));
    std::array<char, 64> text;
    const Number size = std::abs(value);
    const bool exponent = size != 0 && (size < Number(1e-6) || size >= Number(1e21));
    const bool fixed = !exponent && size < all_digits_count;
    const auto format = fixed ? std::chars_format::fixed : std::chars_format::scientific;
    const auto written = std::to_chars(text.data(), text.data() + text.size(), value, format);
    const std::string_view shown(text.data(), static_cast<std::size_t>(written.ptr - text.data()));
    if (fixed) out += shown;
    else if (exponent) out += without_exponent_zero(text.data(), written.ptr);
    else append_with_zeros(out, shown);
}

std::chrono::seconds local_offset(std::chrono::sys_time<std::chrono::minutes> minute)
{
    const std::time_t moment = std::chrono::duration_cast<std::chrono::seconds>(minute.time_since_epoch()).count();
    std::tm local{};
    if (localtime_r(&moment, &local) == nullptr) return std::chrono::seconds(0);
    return std::chrono::seconds(local.tm_gmtoff);
}

void append_two_digits(std::string& out, std::int64_t number)
{
    out += static_cast<char>('0' + number / 10);
    out += static_cast<char>('0' + number % 10);
}

/// ".12" of 120 million nanoseconds, nothing of 0.
void append_fraction(std::string& out, std::int64_t nanoseconds)
{
    if (nanoseconds == 0) return;
    std::array<char, 10> digits{'.'};
    std::size_t used = digits.size();
    for (std::size_t at = digits.size() - 1; at > 0; --at) {
        digits.at(at) = static_cast<char>('0' + nanoseconds % 10);
        nanoseconds /= 10;
    }
    while (digits.at(used - 1) == '0') --used;
    out.append(digits.data(), used);
}

}  // namespace

void append_go_string(std::string& out, std::string_view text)
{
    out += '"';
    while (!text.empty()) {
        std::size_t run = 0;
        while (run < text.size() && is_plain(text[run])) ++run;
        out.append(text.data(), run);
        text.remove_prefix(run);
        if (!text.empty()) text.remove_prefix(append_character(out, text));
    }
    out += '"';
}

void append_go_float(std::string& out, double value) { append_float(out, value); }

void append_go_float(std::string& out, float value) { append_float(out, value); }

/// No value ends in one of these bytes, so what stands last tells whether something stands before us in this list.
void go_json::begin_value()
{
    if (out_.empty()) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':' && last != '\n') out_ += ',';
}

void go_json::key(std::string_view name)
{
    begin_value();
    out_ += '"';
    out_ += name;
    out_ += "\":";
}

void go_json::map_key(std::string_view name)
{
    value(name);
    out_ += ':';
}

void go_json::append_signed(std::int64_t number)
{
    std::array<char, 20> text;
    const auto written = std::to_chars(text.data(), text.data() + text.size(), number);
    out_.append(text.data(), written.ptr);
}

void go_json::append_unsigned(std::uint64_t number)
{
    std::array<char, 20> text;
    const auto written = std::to_chars(text.data(), text.data() + text.size(), number);
    out_.append(text.data(), written.ptr);
}

void go_json::time(const std::optional<time_point>& when, zone shown)
{
    using namespace std::chrono;
    if (!when) {
        raw("\"0001-01-01T00:00:00Z\"");
        return;
    }
    begin_value();
    const auto minute = floor<minutes>(*when);
    if (minute_ != minute || minute_zone_ != shown) prepare_minute(minute, shown);
    const auto second = floor<seconds>(*when);
    out_ += before_seconds_;
    append_two_digits(out_, (second - minute).count());
    append_fraction(out_, (*when - second).count());
    out_ += after_fraction_;
}

void go_json::prepare_minute(std::chrono::sys_time<std::chrono::minutes> minute, zone shown)
{
    using namespace std::chrono;
    const seconds offset = shown == zone::utc ? seconds(0) : local_offset(minute);
    // The last zone whose offset had seconds gave them up in 1972 (Liberia).
    const auto whole_offset = duration_cast<minutes>(offset);
    const auto local = minute + whole_offset;
    const auto midnight = floor<days>(local);
    const year_month_day date(midnight);
    const hh_mm_ss<minutes> clock(local - midnight);
    minute_ = minute;
    minute_zone_ = shown;
    before_seconds_ = fmt::format("\"{:04}-{:02}-{:02}T{:02}:{:02}:", static_cast<int>(date.year()),
                                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                  clock.hours().count(), clock.minutes().count());
    after_fraction_ = "Z\"";
    if (whole_offset.count() == 0) return;
    const auto distance = std::abs(whole_offset.count());
    after_fraction_ =
        fmt::format("{}{:02}:{:02}\"", whole_offset.count() < 0 ? '-' : '+', distance / 60, distance % 60);
}

}  // namespace nodescope::api
