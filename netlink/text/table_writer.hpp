// The columns of net-tools' tables.
#pragma once

#include "core/resident_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace nodescope::netlink {

/// The decimal digits of every byte, written three at a time and counted.
struct byte_digits {
    std::array<char, 3> digits;
    std::uint8_t count;
};

constexpr std::array<byte_digits, 256> make_byte_digits() noexcept
{
    std::array<byte_digits, 256> table{};
    for (unsigned value = 0; value < table.size(); ++value) {
        byte_digits& entry = table[value];
        for (const unsigned unit : {100U, 10U, 1U}) {
            if (value >= unit || unit == 1) entry.digits[entry.count++] = static_cast<char>('0' + value / unit % 10);
        }
    }
    return table;
}

inline constexpr std::array<byte_digits, 256> byte_table = make_byte_digits();

/// Returns the end. Writes up to two bytes beyond it.
inline char* write_dotted(char* at, std::uint32_t address) noexcept
{
    for (unsigned shift = 24;; shift -= 8) {
        const byte_digits& entry = byte_table[(address >> shift) & 0xffU];
        std::memcpy(at, entry.digits.data(), entry.digits.size());
        at += entry.count;
        if (shift == 0) return at;
        *at++ = '.';
    }
}

inline constexpr std::size_t address_width = 15;

/// Writes each line in its final place: a table has tens of thousands, and copying one costs as much as making it.
class table_writer {
public:
    table_writer(std::string_view heading, std::size_t expected_bytes) : text_(heading)
    {
        used_ = text_.size();
        const std::size_t bytes = used_ + expected_bytes + line_limit;
        text_.reserve(bytes);
        take_pages(text_.data(), bytes);
        text_.resize(bytes);
    }
    /// Makes room for one line, which must not be longer than `line_limit`: every field of it is cut.
    void begin_line()
    {
        if (text_.size() - used_ < line_limit) text_.resize(2 * text_.size() + line_limit);
        at_ = text_.data() + used_;
    }
    void end_line()
    {
        *at_++ = '\n';
        used_ = static_cast<std::size_t>(at_ - text_.data());
    }
    std::string take()
    {
        text_.resize(used_);
        return std::move(text_);
    }

    void put(char c) { *at_++ = c; }
    void put(std::string_view text)
    {
        // Not memcpy: an empty text may have no address at all.
        at_ = std::copy(text.begin(), text.end(), at_);
    }
    /// A column of addresses, the blank behind it included.
    void put_address(std::uint32_t address)
    {
        char* const end = write_dotted(at_, address);
        char* const next = at_ + address_width + 1;
        std::memset(end, ' ', address_width + 1);
        at_ = next;
    }
    /// printf's %-<width>s, and the blank behind a column.
    void put_column(std::string_view text, std::size_t width)
    {
        put_left(text, width);
        put(' ');
    }
    void put_left(std::string_view text, std::size_t width)
    {
        put(text);
        if (text.size() < width) pad(width - text.size());
    }
    /// printf's %<width>d.
    void put_right(std::string_view text, std::size_t width)
    {
        if (text.size() < width) pad(width - text.size());
        put(text);
    }

    static constexpr std::size_t line_limit = 512;

private:
    void pad(std::size_t count)
    {
        std::memset(at_, ' ', count);
        at_ += count;
    }

    std::string text_;
    std::size_t used_ = 0;
    char* at_ = nullptr;
};

/// `route` reads every number of /proc/net with %d or %x into an int, whatever the kernel wrote.
class as_int {
public:
    explicit as_int(std::uint32_t value) : digits_(static_cast<std::int32_t>(value)) {}
    [[nodiscard]] std::string_view view() const { return {digits_.data(), digits_.size()}; }

private:
    fmt::format_int digits_;
};

/// `route` reads a name with %15s; the kernel has no longer ones.
inline constexpr std::size_t interface_limit = 15;

}  // namespace nodescope::netlink
