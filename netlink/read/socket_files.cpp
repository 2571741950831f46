#include "netlink/read/socket_files.hpp"

#include "core/text_scan.hpp"
#include "core/unique_fd.hpp"
#include "netlink/decode/inet_socket.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

namespace nodescope::netlink {

namespace {

/// Lines of at most 200 bytes, of which there may be a million.
constexpr std::size_t socket_file_piece = 64UL * 1024UL;

const char* name_of_socket_file(std::uint8_t family, std::uint8_t protocol)
{
    if (protocol == IPPROTO_TCP) return family == AF_INET ? "net/tcp" : "net/tcp6";
    return family == AF_INET ? "net/udp" : "net/udp6";
}

/// Gives the whole lines of `text` to `take`; how many bytes they have, or npos when it wants no more.
std::size_t give_lines(std::string_view text, std::uint8_t family, std::uint8_t protocol,
                       const std::function<bool(const inet_socket&)>& take)
{
    const std::size_t whole = text.rfind('\n') + 1;  // npos + 1 is 0: not one whole line
    bool wanted = true;
    for_each_line(text.substr(0, whole), [&](std::string_view line) {
        auto socket = parse_socket_line(line, family);
        if (!socket) return true;  // the headings
        socket->protocol = protocol;
        wanted = take(*socket);
        return wanted;
    });
    return wanted ? whole : std::string_view::npos;
}

}  // namespace

result<void> blocking_read_socket_file(int process_directory, std::uint8_t family, std::uint8_t protocol,
                                       deadline limit, const abandon_flag& abandoned,
                                       const std::function<bool(const inet_socket&)>& take)
{
    const char* const name = name_of_socket_file(family, protocol);
    const unique_fd file(::openat(process_directory, name, O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT && family == AF_INET6 &&
        ::faccessat(process_directory, name_of_socket_file(AF_INET, protocol), F_OK, AT_EACCESS) == 0) {
        return {};
    }
    if (!file) return from_errno(errno, fmt::format("read {}", name));
    std::string text(socket_file_piece, '\0');
    std::size_t kept = 0;  // the beginning of a line whose end is still to come
    for (;;) {
        if (abandoned.raised()) return error(failure::cancelled, fmt::format("read {}: the asker went away", name));
        if (limit.passed()) {
            return error(failure::timed_out,
                         fmt::format("read {}: not finished within {}", name, duration_text(limit.limit())));
        }
        const ssize_t got = ::read(file.get(), text.data() + kept, text.size() - kept);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return from_errno(errno, fmt::format("read {}", name));
        if (got == 0) return {};
        const std::string_view held(text.data(), kept + static_cast<std::size_t>(got));
        const std::size_t given = give_lines(held, family, protocol, take);
        if (given == std::string_view::npos) return {};
        kept = held.size() - given;
        if (kept == text.size()) return error(failure::malformed, fmt::format("read {}: a line without an end", name));
        std::memmove(text.data(), text.data() + given, kept);
    }
}

}  // namespace nodescope::netlink
