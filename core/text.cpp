#include "core/text.hpp"

#include "core/byte_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace nodescope {

namespace {

constexpr auto to_byte(char c) noexcept { return static_cast<unsigned char>(c); }

constexpr bool is_continuation(char c) noexcept { return (to_byte(c) & 0xc0U) == 0x80U; }

/// The code point of a character whose length is known to be valid.
std::uint32_t code_point(std::string_view character) noexcept
{
    static constexpr std::array<unsigned, 5> first_byte_mask{0, 0x7f, 0x1f, 0x0f, 0x07};
    std::uint32_t value = to_byte(character.front()) & first_byte_mask[character.size()];
    for (const char c : character.substr(1)) value = (value << 6U) | (to_byte(c) & 0x3fU);
    return value;
}

constexpr bool must_be_escaped(std::uint32_t point) noexcept
{
    const bool is_control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    const bool is_bidi_override = (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
    return is_control || is_bidi_override;
}

constexpr std::uint64_t not_printable_marks(std::uint64_t word) noexcept
{
    return byte_scan::below(word, 0x20) | byte_scan::equal(word, 0x7f) | (word & byte_scan::high_bits);
}

std::string escape_one(std::uint32_t point)
{
    switch (point) {
        case '\n': return "\\n";
        case '\r': return "\\r";
        case '\t': return "\\t";
        default: break;
    }
    if (point < 0x100) return fmt::format("\\x{:02x}", point);
    return fmt::format("\\u{:04x}", point);
}

}  // namespace

std::size_t utf8_character_length(std::string_view bytes) noexcept
{
    if (bytes.empty()) return 0;
    const unsigned first = to_byte(bytes[0]);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || bytes.size() < length) return 0;
    for (const char c : bytes.substr(1, length - 1)) {
        if (!is_continuation(c)) return 0;
    }
    const unsigned second = to_byte(bytes[1]);
    if (first == 0xe0 && second < 0xa0) return 0;   // overlong
    if (first == 0xed && second >= 0xa0) return 0;  // surrogates
    if (first == 0xf0 && second < 0x90) return 0;   // overlong
    if (first == 0xf4 && second >= 0x90) return 0;  // above U+10FFFF
    return length;
}

bool is_valid_utf8(std::string_view bytes) noexcept
{
    for (;;) {
        bytes.remove_prefix(byte_scan::ascii_run(bytes));
        if (bytes.empty()) return true;
        const std::size_t length = utf8_character_length(bytes);
        if (length == 0) return false;
        bytes.remove_prefix(length);
    }
}

std::string valid_utf8(std::string_view bytes)
{
    std::string out;
    out.reserve(bytes.size());
    for (;;) {
        // Nearly everything is plain ASCII: copied whole, not byte by byte.
        const std::size_t plain = byte_scan::ascii_run(bytes);
        out.append(bytes.data(), plain);
        bytes.remove_prefix(plain);
        if (bytes.empty()) break;

        const std::size_t length = utf8_character_length(bytes);
        if (length == 0) out += "\xef\xbf\xbd";
        else out += bytes.substr(0, length);
        bytes.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

std::string escape_untrusted(std::string_view bytes, std::size_t limit)
{
    static constexpr std::string_view ellipsis = "...";
    std::string out;
    out.reserve(std::min(bytes.size(), limit));
    while (!bytes.empty()) {
        // Nearly everything is plain ASCII: copied whole, not byte by byte.
        const std::size_t plain = std::min(byte_scan::run(bytes, not_printable_marks), limit - out.size());
        out.append(bytes.data(), plain);
        bytes.remove_prefix(plain);
        if (bytes.empty()) break;

        const std::size_t length = utf8_character_length(bytes);
        const std::string_view character = bytes.substr(0, length);
        std::string escaped;
        if (length == 0) escaped = fmt::format("\\x{:02x}", to_byte(bytes[0]));
        else if (must_be_escaped(code_point(character))) escaped = escape_one(code_point(character));
        const std::string_view piece = escaped.empty() ? character : escaped;
        if (limit != std::string_view::npos && out.size() + piece.size() > limit) {
            out += ellipsis;
            return out;
        }
        out += piece;
        bytes.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

}  // namespace nodescope
