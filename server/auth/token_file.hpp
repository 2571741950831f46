// The tokens of --token-file. Pure.
#pragma once

#include "core/error.hpp"
#include "server/auth/digest.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::auth {

class token_table {
public:
    /// One token a line, optionally with a name in front: `prometheus:4fd1…`. Empty lines and lines that begin with '#'
    /// are skipped. failure::invalid names `origin` and the line number, never the line's content.
    static result<token_table> parse(std::string_view text, const std::string& origin);

    /// The name of a token, "line-3" for one without a name. All are compared, in constant time.
    [[nodiscard]] std::optional<std::string_view> name_of(std::string_view token) const;
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

    /// Shorter ones can be guessed.
    static constexpr std::size_t shortest_token = 16;

private:
    struct entry {
        std::string name;
        digest secret;
    };
    std::vector<entry> entries_;
};

/// Calls `read(line number, line)` for each line that is neither empty nor a comment, until one fails.
template <class Read>
result<void> for_each_entry(std::string_view text, Read read)
{
    constexpr std::string_view space = " \t\r";
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const std::size_t first = line.find_first_not_of(space);
        if (first == std::string_view::npos || line[first] == '#') continue;
        line = line.substr(first, line.find_last_not_of(space) - first + 1);
        if (auto kept = read(number, line); !kept) return kept;
    }
    return {};
}

/// A name that may stand in logs as it is: printable ASCII without space and ':', 64 bytes at most.
bool is_plain_name(std::string_view name) noexcept;

}  // namespace nodescope::auth
