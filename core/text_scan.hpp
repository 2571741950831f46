// What all parsers of kernel texts are made of: lines, parts, blank-separated fields, whole numbers. Pure; views
// point into the given text.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace nodescope {

/// The whole of `text` as a number of that base: no sign but '-' for signed types, no blanks, no overflow.
template <class Number>
std::optional<Number> whole_number(std::string_view text, int base = 10)
{
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [stopped, code] = std::from_chars(text.data(), end, value, base);
    if (code != std::errc{} || stopped != end) return std::nullopt;
    return value;
}

/// The blank-separated fields of a line, one at a time; empty at the end.
class fields {
public:
    explicit fields(std::string_view text) : rest_(text) {}
    std::string_view next()
    {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size()));
        const std::string_view field = rest_.substr(0, rest_.find_first_of(" \t\n"));
        rest_.remove_prefix(field.size());
        return field;
    }

private:
    std::string_view rest_;
};

/// What stands before and behind the first `separator`; nothing without one.
inline std::optional<std::pair<std::string_view, std::string_view>> split_at(std::string_view text, char separator)
{
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos) return std::nullopt;
    return std::pair(text.substr(0, at), text.substr(at + 1));
}

/// Calls `part` for each part that a separator ends, and for what follows the last one if that is not empty; a false
/// return ends it.
template <class Part>
void for_each_part(std::string_view text, char separator, Part part)
{
    while (!text.empty()) {
        const std::size_t end = text.find(separator);
        if (!part(text.substr(0, end)) || end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

/// The same for lines.
template <class Line>
void for_each_line(std::string_view text, Line line)
{
    for_each_part(text, '\n', std::move(line));
}

/// Whether one of the parts is `wanted`, e.g. an option in a list with commas.
inline bool has_part(std::string_view text, char separator, std::string_view wanted)
{
    bool found = false;
    for_each_part(text, separator, [&](std::string_view part) {
        found = part == wanted;
        return !found;
    });
    return found;
}

}  // namespace nodescope
