// Shell patterns with `*` (any characters, also none and '/') and `?` (one). Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace nodescope {

/// Whether all of `text` is what `pattern` describes. Takes pattern.size() * text.size() steps at most, whatever both
/// are: fnmatch(3) takes exponentially many with several stars, and names are made by strangers.
inline bool matches_glob(std::string_view pattern, std::string_view text) noexcept
{
    std::size_t at = 0;
    std::size_t next = 0;
    std::size_t star = std::string_view::npos;  // the last one, which takes up what follows where it does not fit
    std::size_t taken = 0;                      // where the text after that star begins
    while (next < text.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            taken = next;
        } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[next])) {
            ++at;
            ++next;
        } else if (star != std::string_view::npos) {
            at = star + 1;
            next = ++taken;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

}  // namespace nodescope
