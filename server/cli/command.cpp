#include "server/cli/command.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <system_error>

#include <unistd.h>

namespace nodescope::cli {

std::string as_shown(std::string_view text, bool to_terminal)
{
    if (!to_terminal) return std::string(text);
    std::string shown;
    while (!text.empty()) {
        const std::size_t end = text.find_first_of("\n\t");
        shown += escape_untrusted(text.substr(0, end));
        if (end == std::string_view::npos) break;
        shown += text[end];
        text.remove_prefix(end + 1);
    }
    return shown;
}

int print(const std::string& text)
{
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return 0;
    return fail(fmt::format("standard output: {}", std::error_code(errno, std::generic_category()).message()));
}

int fail(const std::string& why)
{
    std::fprintf(stderr, "nodescope: %s\n", as_shown(why, ::isatty(STDERR_FILENO) == 1).c_str());
    return 1;
}

}  // namespace nodescope::cli
