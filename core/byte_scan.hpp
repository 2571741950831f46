// Finding the few bytes that matter in long runs of harmless ones, eight at a time in an ordinary register.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace nodescope::byte_scan {

inline constexpr std::uint64_t every_byte = 0x0101010101010101U;
inline constexpr std::uint64_t high_bits = 0x8080808080808080U;

/// Eight bytes with the first one lowest, whatever the machine's byte order.
inline std::uint64_t load(const char* bytes) noexcept
{
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof(word));
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

// The high bit of each byte that is below `limit` (at most 0x80), or equal to `value`. A borrow may mark bytes above
// the first true one, never below it: only the lowest mark counts.
constexpr std::uint64_t below(std::uint64_t word, std::uint64_t limit) noexcept
{
    return (word - every_byte * limit) & ~word & high_bits;
}
constexpr std::uint64_t equal(std::uint64_t word, std::uint64_t value) noexcept
{
    return below(word ^ (every_byte * value), 1);
}

/// How many bytes come before the lowest mark; 8 when there is none.
constexpr std::size_t before_mark(std::uint64_t marks) noexcept
{
    return static_cast<std::size_t>(std::countr_zero(marks)) / 8;
}

/// Bytes that end a run inside a JSON text: the quote, the backslash, control characters.
constexpr std::uint64_t json_marks(std::uint64_t word) noexcept
{
    return equal(word, '"') | equal(word, '\\') | below(word, 0x20);
}

/// The number of ASCII bytes at the start.
inline std::size_t ascii_run(std::string_view bytes) noexcept
{
    std::size_t run = 0;
    for (; run + 8 <= bytes.size(); run += 8) {
        if (const std::uint64_t marks = load(bytes.data() + run) & high_bits; marks != 0) {
            return run + before_mark(marks);
        }
    }
    while (run < bytes.size() && static_cast<unsigned char>(bytes[run]) < 0x80) ++run;
    return run;
}

/// The number of bytes at the start that a JSON string holds as they are, UTF-8 or not.
inline std::size_t json_run(std::string_view bytes) noexcept
{
    std::size_t run = 0;
    for (; run + 8 <= bytes.size(); run += 8) {
        if (const std::uint64_t marks = json_marks(load(bytes.data() + run)); marks != 0) {
            return run + before_mark(marks);
        }
    }
    while (run < bytes.size() && static_cast<unsigned char>(bytes[run]) >= 0x20 && bytes[run] != '"' &&
           bytes[run] != '\\') {
        ++run;
    }
    return run;
}

/// Bytes that must not stand in a JSON string of ours as they are: those above, DEL and everything beyond ASCII.
constexpr std::uint64_t not_plain_json_marks(std::uint64_t word) noexcept
{
    return json_marks(word) | equal(word, 0x7f) | (word & high_bits);
}

}  // namespace nodescope::byte_scan
