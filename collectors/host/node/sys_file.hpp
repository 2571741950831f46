// One-value files and directories of numbered entries, as /sys has them everywhere, and meminfo. What is not there is
// an ordinary answer: nothing, no names. Blocking: for pool threads.
#pragma once

#include "core/files/root.hpp"
#include "core/text_scan.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::host {

/// Without the blanks, newlines and NULs at both ends (firmware pads its texts with them).
std::string_view trimmed(std::string_view text) noexcept;

/// The text of a one-value file, trimmed; nothing when it cannot be read. No more than a page is looked at, which is
/// as much as sysfs gives.
std::optional<std::string> blocking_word(const files::place& where);

/// The same as a number.
template <class Number>
std::optional<Number> blocking_number(const files::place& where)
{
    const auto word = blocking_word(where);
    if (!word) return std::nullopt;
    return whole_number<Number>(*word);
}

/// The text of /proc/meminfo; empty when it cannot be read.
std::string blocking_read_meminfo(const std::string& root);

/// The names in a directory, sorted bytewise, without "." and ".."; none when it cannot be read. At most
/// `directory_limit`: more CPUs, disks or interfaces than any kernel is built for.
std::vector<std::string> blocking_names(const files::place& where);
inline constexpr std::size_t directory_limit = 16'384;

/// A name with a number at its end: {"cpu12", 12} for "cpu".
struct numbered_name {
    numbered_name(std::string n, int i) : name(std::move(n)), number(i) {}
    bool operator==(const numbered_name&) const = default;
    std::string name;
    int number;
};

/// Those of the names that are `prefix` and a decimal number, sorted by number. Pure.
std::vector<numbered_name> numbered(std::vector<std::string> names, std::string_view prefix);

}  // namespace nodescope::host
