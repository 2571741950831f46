#include "collectors/kubernetes/credential_file.hpp"

#include "core/ascii.hpp"
#include "core/files/bounded_file.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope::kubernetes {

result<std::string> read_credential_file(const std::string& path)
{
    const auto file = files::open_regular(path);
    if (!file) return file.error();
    return files::read_complete(*file, credential_file_limit, path);
}

result<std::string> checked_token(std::string_view text, std::string_view origin)
{
    text = trimmed(text, " \t\r\n");
    if (text.empty()) return error(failure::invalid, fmt::format("{} holds no token", origin));
    if (!std::all_of(text.begin(), text.end(), is_graphic)) {
        return error(failure::invalid, fmt::format("{} holds bytes that cannot be part of a token", origin));
    }
    return std::string(text);
}

result<std::string> read_token_file(const std::string& path)
{
    const auto content = read_credential_file(path);
    if (!content) return content.error();
    return checked_token(*content, path);
}

}  // namespace nodescope::kubernetes
