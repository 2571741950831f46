// Finding the few bytes that matter in long runs of harmless ones, eight at a time in an ordinary register.
#pragma once

#include <algorithm>
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

/// Bytes that must not stand in a JSON string of ours as they are: those above, DEL and everything beyond ASCII.
constexpr std::uint64_t not_plain_json_marks(std::uint64_t word) noexcept
{
    return json_marks(word) | equal(word, 0x7f) | (word & high_bits);
}

/// How many bytes come before the first that `marks` marks. A blank must not be marked.
template <class Marks>
std::size_t run(std::string_view bytes, const Marks& marks) noexcept
{
    if (bytes.size() < 8) {
        std::uint64_t word = every_byte * ' ';
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            word ^= std::uint64_t{static_cast<unsigned char>(bytes[at] ^ ' ')} << (8 * at);
        }
        return std::min(before_mark(marks(word)), bytes.size());
    }
    std::size_t done = 0;
    for (; done + 8 <= bytes.size(); done += 8) {
        if (const std::uint64_t found = marks(load(bytes.data() + done)); found != 0) return done + before_mark(found);
    }
    // The last eight bytes once more: those known to be unmarked and those that are left.
    const std::size_t last = bytes.size() - 8;
    return last + before_mark(marks(load(bytes.data() + last)));
}

/// The number of ASCII bytes at the start.
inline std::size_t ascii_run(std::string_view bytes) noexcept
{
    return run(bytes, [](std::uint64_t word) { return word & high_bits; });
}

/// The number of bytes at the start that a JSON string holds as they are, UTF-8 or not.
inline std::size_t json_run(std::string_view bytes) noexcept { return run(bytes, json_marks); }

}  // namespace nodescope::byte_scan
