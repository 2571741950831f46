#include "collectors/host/proc/network_reader.hpp"

#include "collectors/host/proc/network_text.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include <fcntl.h>
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
bool count_process(const files::place& where, process_usage& usage, Stop stop)
{
    files::directory entries(files::open(where, O_RDONLY | O_DIRECTORY));
    if (!entries) return false;
    while (const dirent* const entry = entries.next()) {
        if (++usage.fd_count % descriptors_at_a_time == 0 && stop()) break;
        if (is_socket(entries.descriptor(), entry->d_name)) ++usage.socket_count;
    }
    return true;
}

}  // namespace

result<network_reader> network_reader::blocking_open(const std::string& root, pid_t pid)
{
    const files::place where(root, fmt::format("/proc/{}", pid));
    auto directory = files::open_directory(where);
    if (!directory) return directory.error();
    return network_reader(std::move(*directory), where.shown());
}

result<network_reader> network_reader::blocking_open(const process_handle& process)
{
    const std::string shown = fmt::format("/proc/{}", process.pid());
    unique_fd same(::fcntl(process.directory(), F_DUPFD_CLOEXEC, 0));
    if (!same) return from_errno(errno, "open " + shown);
    return network_reader(std::move(same), shown);
}

result<network_usage> network_reader::blocking_read(deadline limit, const abandon_flag& abandoned,
                                                    const network_reading& options) const
{
    const auto interfaces = files::read_file_at(directory_.get(), "net/dev", net_dev_limit_bytes, shown_ + "/net/dev");
    if (!interfaces) return interfaces.error();
    network_usage network;
    network.interfaces = parse_net_dev(interfaces->text);

    const auto tcp = [&](const char* name, tcp_states& into) {
        return for_each_table_line(directory_.get(), name, fmt::format("{}/{}", shown_, name), limit, abandoned,
                                   [&](std::string_view line) { count_tcp_line(line, into); });
    };
    const auto udp = [&](const char* name, udp_counters& into) {
        return for_each_table_line(directory_.get(), name, fmt::format("{}/{}", shown_, name), limit, abandoned,
                                   [&](std::string_view line) { count_udp_line(line, into); });
    };
    if (options.tcp) {
        if (auto done = tcp("net/tcp", network.tcp); !done) return done.error();
        if (auto done = tcp("net/tcp6", network.tcp6); !done) return done.error();
    }
    if (options.udp) {
        if (auto done = udp("net/udp", network.udp); !done) return done.error();
        if (auto done = udp("net/udp6", network.udp6); !done) return done.error();
    }
    return network;
}

result<void> blocking_count_descriptors(const std::string& root, const std::vector<pid_t>& processes,
                                        process_usage& usage, deadline limit, const abandon_flag& abandoned)
{
    const auto stop = [&] { return abandoned.raised() || limit.passed(); };
    for (const pid_t pid : processes) {
        if (stop()) break;
        if (count_process({root, fmt::format("/proc/{}/fd", pid)}, usage, stop)) ++usage.process_count;
    }
    if (stop()) return stopped("descriptors of processes", abandoned, limit);
    return {};
}

}  // namespace nodescope::host
