// Byte classes and case-insensitive comparison for protocol text. Independent of the locale.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace nodescope::http {

/// A set of bytes, made at compile time.
class byte_set {
public:
    constexpr explicit byte_set(std::string_view members) noexcept
    {
        for (const char member : members) bits_[static_cast<unsigned char>(member)] = true;
    }
    [[nodiscard]] constexpr bool contains(char byte) const noexcept { return bits_[static_cast<unsigned char>(byte)]; }
    [[nodiscard]] constexpr bool contains_all(std::string_view bytes) const noexcept
    {
        for (const char byte : bytes) {
            if (!contains(byte)) return false;
        }
        return true;
    }

private:
    std::array<bool, 256> bits_{};
};

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
constexpr char to_lower(char c) noexcept { return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c; }

/// -1 when `c` is not a hexadecimal digit.
constexpr int hex_value(char c) noexcept
{
    if (is_digit(c)) return c - '0';
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (to_lower(a[i]) != to_lower(b[i])) return false;
    }
    return true;
}

/// Without the optional white space (RFC 9110, 5.6.3) at both ends.
constexpr std::string_view trimmed(std::string_view text) noexcept
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace nodescope::http
