// Text that came from outside, made safe for log lines and plain-text sentences; sentences from parts; and UTF-8. JSON
// strings: core/json/writer.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

namespace nodescope {

/// For sentences and logs: control characters (C0, DEL, C1), the bidirectional overrides (U+202A-E, U+2066-9) and
/// invalid UTF-8 become visible escapes (\n, \x1b, \u202e); everything else is kept. Cut at `limit` bytes of output,
/// on a character boundary, ending in "...".
std::string escape_untrusted(std::string_view bytes, std::size_t limit = std::string_view::npos);

/// Adds a clause to a sentence that may be empty.
inline void append_clause(std::string& to, std::string_view clause, std::string_view between = "; ")
{
    if (!to.empty()) to += between;
    to += clause;
}

/// The words, or whole numbers, with `between` between each two. fmt::join does the same and takes g++ half a second
/// for each file.
template <class Words>
std::string joined(const Words& words, std::string_view between)
{
    std::string all;
    bool first = true;
    for (const auto& word : words) {
        if (!first) all += between;
        first = false;
        if constexpr (std::integral<std::remove_cvref_t<decltype(word)>>) all += std::to_string(word);
        else all += word;
    }
    return all;
}

/// The length of the valid UTF-8 character at the start of `bytes` (1 to 4), 0 if there is none (RFC 3629: no
/// overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_character_length(std::string_view bytes) noexcept;

bool is_valid_utf8(std::string_view bytes) noexcept;

/// The same with U+FFFD for each byte that is not UTF-8.
std::string valid_utf8(std::string_view bytes);

}  // namespace nodescope
