// The few moves all parsers of kernel texts are made of: lines, blank-separated fields, whole numbers. Pure; views
// point into the text given.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

namespace nodescope::host {

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
        const std::size_t begin = rest_.find_first_not_of(" \t\n");
        if (begin == std::string_view::npos) {
            rest_ = {};
            return {};
        }
        rest_.remove_prefix(begin);
        const std::string_view field = rest_.substr(0, rest_.find_first_of(" \t\n"));
        rest_.remove_prefix(field.size());
        return field;
    }

private:
    std::string_view rest_;
};

/// Calls `line` for each line, without its newline; a false return ends it.
template <class Line>
void for_each_line(std::string_view text, Line line)
{
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (!line(text.substr(0, end))) return;
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

}  // namespace nodescope::host
