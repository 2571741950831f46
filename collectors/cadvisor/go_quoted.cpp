#include "collectors/cadvisor/go_quoted.hpp"

#include "core/text.hpp"

namespace nodescope::cadvisor {

std::string go_quoted(std::string_view text)
{
    std::string marked;
    marked.reserve(text.size());
    for (const char c : text) {
        if (c == '"' || c == '\\') marked += '\\';
        marked += c;
    }
    return '"' + escape_untrusted(marked) + '"';
}

}  // namespace nodescope::cadvisor
