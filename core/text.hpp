// Text that came from outside, made safe for where it goes: a log line, a plain-text sentence, a JSON string.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nodescope {

/// For sentences and logs: control characters (C0, DEL, C1), the bidirectional overrides (U+202A-E, U+2066-9) and
/// invalid UTF-8 become visible escapes (\n, \x1b, \u202e); everything else is kept. Cut at `limit` bytes of output,
/// on a character boundary, ending in "...".
std::string escape_untrusted(std::string_view bytes, std::size_t limit = std::string_view::npos);

/// Appends `bytes` as a JSON string with its quotes. Output is always valid UTF-8 (operations.md O1): `"`, `\` and
/// C0 are escaped as RFC 8259 asks, DEL and C1 as \u00XX, each invalid byte becomes U+FFFD. Runs of harmless bytes are
/// copied whole.
void append_json_string(std::string& out, std::string_view bytes);
std::string json_string(std::string_view bytes);

/// The length of the valid UTF-8 character at the start of `bytes` (1 to 4), 0 if there is none (RFC 3629: no
/// overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_character_length(std::string_view bytes) noexcept;

bool is_valid_utf8(std::string_view bytes) noexcept;

}  // namespace nodescope
