#include "server/auth/authorization_header.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace nodescope::auth {

namespace {

bool equals_ignoring_case(std::string_view a, std::string_view lower) noexcept
{
    return std::equal(a.begin(), a.end(), lower.begin(), lower.end(), [](char x, char y) {
        return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + ('a' - 'A')) : x) == y;
    });
}

int base64_digit(char c) noexcept
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
}

/// RFC 4648, section 4, padding included, nothing else: one text has one spelling.
std::optional<std::string> decode_base64(std::string_view text)
{
    if (text.empty() || text.size() % 4 != 0) return std::nullopt;
    std::size_t padding = 0;
    while (padding < 2 && text.back() == '=') {
        text.remove_suffix(1);
        ++padding;
    }
    std::string out;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const int digit = base64_digit(c);
        if (digit < 0) return std::nullopt;
        bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
        held += 6;
        if (held < 8) continue;
        held -= 8;
        out += static_cast<char>((bits >> held) & 0xffU);
    }
    if ((bits & ((1U << held) - 1U)) != 0 || held >= 6) return std::nullopt;
    return out;
}

bool is_token_byte(char c) noexcept { return c > ' ' && c < '\x7f'; }

}  // namespace

presented read_authorization(std::string_view value)
{
    presented out;
    if (value.empty()) return out;
    out.kind = presented::scheme::unusable;
    const std::size_t space = value.find(' ');
    if (space == std::string_view::npos) return out;
    const std::string_view scheme = value.substr(0, space);
    value.remove_prefix(std::min(value.find_first_not_of(' ', space), value.size()));
    if (equals_ignoring_case(scheme, "bearer")) {
        if (value.empty() || !std::all_of(value.begin(), value.end(), is_token_byte)) return out;
        out.token = value;
        out.kind = presented::scheme::bearer;
    } else if (equals_ignoring_case(scheme, "basic")) {
        const auto decoded = decode_base64(value);
        if (!decoded) return out;
        const std::size_t colon = decoded->find(':');
        // crypt() reads up to a NUL: "secret\0anything" would be as good as "secret".
        if (colon == std::string::npos || decoded->find('\0') != std::string::npos) return out;
        out.user = decoded->substr(0, colon);
        out.password = decoded->substr(colon + 1);
        out.kind = presented::scheme::basic;
    }
    return out;
}

}  // namespace nodescope::auth
