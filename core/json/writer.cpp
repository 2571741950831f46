#include "core/json/writer.hpp"

#include "core/append_formatted.hpp"
#include "core/byte_scan.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstring>
#include <functional>

namespace nodescope {

namespace {

using byte_scan::equal;

/// Bytes that cannot stand in a string as they are: what JSON itself excludes, DEL and everything beyond ASCII, and
/// what Go escapes because of HTML. `<` and `>` differ in one bit.
template <json_spelling Spelling>
constexpr std::uint64_t marks(std::uint64_t word) noexcept
{
    constexpr std::uint64_t angle_bit = byte_scan::every_byte * ('<' ^ '>');
    const std::uint64_t found = byte_scan::not_plain_json_marks(word);
    if constexpr (Spelling == json_spelling::plain) return found;
    else return found | equal(word, '&') | equal(word | angle_bit, '>');
}

template <json_spelling Spelling>
constexpr bool is_plain(char c) noexcept
{
    const bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
    if constexpr (Spelling == json_spelling::plain) return plain;
    else return plain && c != '<' && c != '>' && c != '&';
}

void append_escape(std::string& out, unsigned point, json_spelling spelling)
{
    switch (point) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: break;
    }
    const bool is_short = spelling == json_spelling::plain && (point == '\b' || point == '\f');
    if (is_short) out += point == '\b' ? "\\b" : "\\f";
    else append_formatted(out, "\\u{:04x}", point);
}

/// Appends the character at the start of `bytes`, which is not plain; returns how many bytes it took.
std::size_t append_character(std::string& out, std::string_view bytes, json_spelling spelling)
{
    const bool as_go = spelling == json_spelling::go;
    const std::size_t length = utf8_character_length(bytes);
    const std::string_view character = bytes.substr(0, length);
    if (length == 0) {
        out += as_go ? "\\ufffd" : "\xef\xbf\xbd";
        return 1;
    }
    const auto last = static_cast<unsigned char>(character.back());
    const bool is_c1 = length == 2 && character[0] == '\xc2' && last < 0xa0;  // two bytes whose second is the number
    if (length == 1 || is_c1) append_escape(out, last, spelling);
    else if (as_go && character == "\xe2\x80\xa8") out += "\\u2028";
    else if (as_go && character == "\xe2\x80\xa9") out += "\\u2029";
    else out += character;
    return length;
}

template <json_spelling Spelling>
void append_escaped(std::string& out, std::string_view bytes)
{
    out.reserve(out.size() + bytes.size() + bytes.size() / 8 + 2);
    // Where a JSON text becomes a string, every eighth byte or so is a quote. Short runs are copied through a buffer,
    // eight bytes at a time whether all of them count or not: twice as fast as appending each run.
    std::array<char, 4096> buffer;
    std::size_t used = 0;
    while (!bytes.empty()) {
        if (used + 8 > buffer.size()) {
            out.append(buffer.data(), used);
            used = 0;
        }
        if (bytes.size() >= 8) {
            std::memcpy(buffer.data() + used, bytes.data(), 8);
            const std::size_t run = byte_scan::before_mark(marks<Spelling>(byte_scan::load(bytes.data())));
            used += run;
            bytes.remove_prefix(run);
            if (run == 8) continue;
        }
        const char c = bytes.front();
        if (is_plain<Spelling>(c)) {
            buffer[used++] = c;
            bytes.remove_prefix(1);
        } else if ((c == '"' || c == '\\') && used + 2 <= buffer.size()) {
            buffer[used++] = '\\';
            buffer[used++] = c;
            bytes.remove_prefix(1);
        } else {
            out.append(buffer.data(), used);
            used = 0;
            bytes.remove_prefix(append_character(out, bytes, Spelling));
        }
    }
    out.append(buffer.data(), used);
}

template <json_spelling Spelling>
void append_string(std::string& out, std::string_view bytes)
{
    out += '"';
    const std::size_t run = byte_scan::run(bytes, marks<Spelling>);
    out += bytes.substr(0, run);
    if (run < bytes.size()) append_escaped<Spelling>(out, bytes.substr(run));
    out += '"';
}

/// "1.2345e+20" to "123450000000000000000": JavaScript pads with zeros, std::to_chars with the exact value's digits.
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

/// "e-09" has one digit less in JavaScript.
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

template <std::integral Number>
void append_integer(std::string& out, Number value)
{
    const fmt::format_int text(value);
    out.append(text.data(), text.size());
}

}  // namespace

void append_json_string(std::string& out, std::string_view bytes, json_spelling spelling)
{
    if (spelling == json_spelling::go) append_string<json_spelling::go>(out, bytes);
    else append_string<json_spelling::plain>(out, bytes);
}

std::string json_string(std::string_view bytes)
{
    std::string out;
    append_json_string(out, bytes);
    return out;
}

std::size_t json_string_bytes(std::string_view bytes) noexcept
{
    constexpr std::size_t escape_bytes = 6;
    const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '<' && c != '>' && c != '&'; };
    const auto escaped = static_cast<std::size_t>(std::count_if(bytes.begin(), bytes.end(), std::not_fn(plain)));
    const auto quoted = static_cast<std::size_t>(
        std::count_if(bytes.begin(), bytes.end(), [](char c) { return c == '"' || c == '\\'; }));
    return bytes.size() + quoted + escaped * (escape_bytes - 1);
}

void append_json_number(std::string& out, double value) { append_float(out, value); }

void append_json_number(std::string& out, float value) { append_float(out, value); }

void append_json_number(std::string& out, std::int64_t value) { append_integer(out, value); }

void append_json_number(std::string& out, std::uint64_t value) { append_integer(out, value); }

void append_json_member(std::string& object, std::string_view key, std::string_view value)
{
    object.pop_back();
    json_writer json(object);
    json.map_key(key);
    json.value(value);
    object += '}';
}

}  // namespace nodescope
