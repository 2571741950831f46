#include "collectors/host/proc/network_reader.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nodescope::host {

namespace {

// 200 bytes an interface, veth of the node included.
constexpr std::size_t net_dev_limit_bytes = 4UL * 1024UL * 1024UL;
// A socket table is a stream of lines of 128 (tcp), 150 (tcp6) bytes; read in pieces, since it may have a million.
constexpr std::size_t table_piece_bytes = 64UL * 1024UL;
constexpr std::size_t longest_line_bytes = 1024;

error stopped(std::string_view what, const abandon_flag& abandoned, deadline limit)
{
    if (abandoned.raised()) return {failure::cancelled, fmt::format("{}: the asker went away", what)};
    return {failure::timed_out, fmt::format("{}: not finished within {}", what, duration_text(limit.limit()))};
}

// Calls `line` for each line of the table, without holding it.
template <class Line>
result<void> for_each_table_line(int directory, const char* name, const std::string& shown, deadline limit,
                                 const abandon_flag& abandoned, Line line)
{
    const unique_fd file(::openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    const bool of_version_six = std::string_view(name).ends_with('6');
    if (!file && errno == ENOENT && of_version_six) return {};  // the kernel does without it
    if (!file) return from_errno(errno, "read " + shown);
    std::string text(table_piece_bytes, '\0');
    std::size_t kept = 0;  // the beginning of a line whose end is still to come
    for (;;) {
        if (abandoned.raised() || limit.passed()) return stopped("read " + shown, abandoned, limit);
        const ssize_t got = ::read(file.get(), text.data() + kept, text.size() - kept);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return from_errno(errno, "read " + shown);
        if (got == 0) return {};
        const std::string_view held(text.data(), kept + static_cast<std::size_t>(got));
        const std::size_t whole = held.rfind('\n') + 1;  // npos + 1 is 0: not one whole line
        for_each_line(held.substr(0, whole), [&](std::string_view one) {
            line(one);
            return true;
        });
        kept = held.size() - whole;
        if (kept > longest_line_bytes) kept = 0;  // no line of the kernel's
        std::memmove(text.data(), held.data() + held.size() - kept, kept);
    }
}

bool is_socket(int directory, const char* name)
{
    std::array<char, 8> target{};
    const ssize_t size = ::readlinkat(directory, name, target.data(), target.size());
    return size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)).starts_with("socket:");
}

// A process may have a million descriptors, at half a microsecond each: how many between two looks at the deadline.
constexpr std::size_t descriptors_at_a_time = 4096;

// Adds one process; false when it has ended. Stops early once `stop` says so.
template <class Stop>
bool count_process(const files::place& where, process_usage& usage, std::size_t& links, Stop stop)
{
    files::directory entries(files::open(where, O_RDONLY | O_DIRECTORY));
    if (!entries) return false;
    struct stat described {};
    // Since Linux 6.2 (proc: report open files as size in stat() for /proc/pid/fd); 0 before.
    const bool known = ::fstat(entries.descriptor(), &described) == 0 && described.st_size > 0;
    std::uint64_t seen = 0;
    while (links > 0) {
        const dirent* const entry = entries.next();
        if (entry == nullptr) break;
        --links;
        if (++seen % descriptors_at_a_time == 0 && stop()) break;
        if (is_socket(entries.descriptor(), entry->d_name)) ++usage.socket_count;
    }
    usage.fd_count += known && links == 0 ? static_cast<std::uint64_t>(described.st_size) : seen;
    return true;
}

}  // namespace

result<network_usage> network_reader::blocking_read(deadline limit, const abandon_flag& abandoned, bool sockets) const
{
    const auto interfaces = files::read_file_at(directory_.get(), "net/dev", net_dev_limit_bytes, shown_ + "/net/dev");
    if (!interfaces) return interfaces.error();
    network_usage network;
    network.interfaces = parse_net_dev(interfaces->text, whose_);

    const auto read_table = [&](const char* name, auto count, auto& into) {
        return for_each_table_line(directory_.get(), name, fmt::format("{}/{}", shown_, name), limit, abandoned,
                                   [&](std::string_view line) { count(line, into); });
    };
    if (!sockets) return network;
    if (auto done = read_table("net/tcp", count_tcp_line, network.tcp); !done) return done.error();
    if (auto done = read_table("net/tcp6", count_tcp_line, network.tcp6); !done) return done.error();
    if (auto done = read_table("net/udp", count_udp_line, network.udp); !done) return done.error();
    if (auto done = read_table("net/udp6", count_udp_line, network.udp6); !done) return done.error();
    network.sockets_counted = true;
    return network;
}

std::optional<resource_limit> blocking_read_open_files_limit(const std::string& root, pid_t pid)
{
    constexpr std::size_t limits_bytes = 4096;
    const auto text = files::read_file({root, fmt::format("/proc/{}/limits", pid)}, limits_bytes);
    return text ? parse_open_files_limit(text->text) : std::nullopt;
}

result<void> blocking_count_descriptors(const std::string& root, const std::vector<pid_t>& processes,
                                        process_usage& usage, std::size_t& links, deadline limit,
                                        const abandon_flag& abandoned)
{
    const auto stop = [&] { return abandoned.raised() || limit.passed(); };
    for (const pid_t pid : processes) {
        if (stop()) break;
        if (count_process({root, fmt::format("/proc/{}/fd", pid)}, usage, links, stop)) ++usage.process_count;
    }
    if (stop()) return stopped("descriptors of processes", abandoned, limit);
    return {};
}

}  // namespace nodescope::host
