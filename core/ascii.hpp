// Classes of bytes and comparison without regard to case, for the texts of protocols. Independent of the locale.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace nodescope {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
constexpr bool is_alphanumeric(char c) noexcept { return is_digit(c) || is_upper(c) || is_lower(c); }
/// Printable, and no space.
constexpr bool is_graphic(char c) noexcept { return c > ' ' && c < '\x7f'; }
constexpr char to_lower(char c) noexcept { return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c; }

inline std::string lower_case(std::string_view text)
{
    std::string lower(text);
    for (char& c : lower) c = to_lower(c);
    return lower;
}

/// -1 when `c` is not a hexadecimal digit.
constexpr int hex_value(char c) noexcept
{
    if (is_digit(c)) return c - '0';
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// A set of bytes, made at compile time.
class byte_set {
public:
    constexpr explicit byte_set(std::string_view members) noexcept
    {
        for (const char member : members) bits_[static_cast<unsigned char>(member)] = true;
    }
    /// Letters, digits, and these.
    static constexpr byte_set alphanumeric_and(std::string_view others) noexcept
    {
        byte_set out(others);
        for (std::size_t byte = 0; byte < out.bits_.size(); ++byte) {
            out.bits_[byte] = out.bits_[byte] || is_alphanumeric(static_cast<char>(byte));
        }
        return out;
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

/// Of which names are made in HTTP: a token (RFC 9110, 5.6.2).
inline constexpr byte_set token_bytes = byte_set::alphanumeric_and("!#$%&'*+-.^_`|~");

constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (to_lower(a[i]) != to_lower(b[i])) return false;
    }
    return true;
}

/// Without what is in `blanks` at both ends: without more words HTTP's optional white space (RFC 9110, 5.6.3).
constexpr std::string_view trimmed(std::string_view text, std::string_view blanks = " \t") noexcept
{
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace nodescope
