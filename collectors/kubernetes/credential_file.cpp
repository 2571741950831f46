#include "collectors/kubernetes/credential_file.hpp"

#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nodescope::kubernetes {

result<std::string> read_credential_file(const std::string& path)
{
    // O_NONBLOCK: a FIFO must not hold up the start.
    const unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return from_errno(errno, fmt::format("open {}", path));
    struct stat status = {};
    if (::fstat(file.get(), &status) != 0) return from_errno(errno, fmt::format("stat {}", path));
    if (!S_ISREG(status.st_mode)) return error(failure::invalid, fmt::format("{} is not a regular file", path));

    std::string content(credential_file_limit + 1, '\0');
    std::size_t length = 0;
    while (length < content.size()) {
        const ssize_t got = ::read(file.get(), content.data() + length, content.size() - length);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return from_errno(errno, fmt::format("read {}", path));
        if (got == 0) break;
        length += static_cast<std::size_t>(got);
    }
    if (length > credential_file_limit) {
        return error(failure::too_large, fmt::format("{} is larger than {} bytes", path, credential_file_limit));
    }
    content.resize(length);
    content.shrink_to_fit();
    return content;
}

result<std::string> checked_token(std::string_view text, std::string_view origin)
{
    constexpr std::string_view space = " \t\r\n";
    const std::size_t first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return error(failure::invalid, fmt::format("{} holds no token", origin));
    text = text.substr(first, text.find_last_not_of(space) - first + 1);
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; })) {
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
