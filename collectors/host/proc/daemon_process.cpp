#include "collectors/host/proc/daemon_process.hpp"

#include "collectors/host/node/sys_file.hpp"
#include "collectors/host/proc/proc_text.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <vector>

#include <unistd.h>

// glibc 2.36 forgot to say in the header that these are C functions.
extern "C" {
#include <sys/pidfd.h>
}

namespace nodescope::host {

namespace {

constexpr std::size_t status_limit = 64UL * 1024UL;
constexpr std::size_t pid_file_limit = 64;

// The value of "Key:\tvalue" in a status text; empty when absent. The kernel escapes newlines in the name line.
std::string_view status_value(std::string_view status, std::string_view key)
{
    while (!status.empty()) {
        const std::string_view line = status.substr(0, status.find('\n'));
        if (line.starts_with(key) && line.substr(key.size()).starts_with(':')) {
            return trimmed(line.substr(key.size() + 1));
        }
        status.remove_prefix(std::min(line.size() + 1, status.size()));
    }
    return {};
}

bool has_name(const process_handle& process, std::string_view name)
{
    const auto comm = process.read("comm", pid_file_limit);
    return comm && trimmed(comm->text) == name;
}

bool has_executable(const process_handle& process, std::string_view name)
{
    std::array<char, 4096> target{};
    const ssize_t length = ::readlinkat(process.directory(), "exe", target.data(), target.size());
    if (length <= 0) return false;
    std::string_view path(target.data(), static_cast<std::size_t>(length));
    // After an upgrade of the package the running file is a deleted one.
    if (path.ends_with(" (deleted)")) path.remove_suffix(10);
    return path.substr(path.rfind('/') + 1) == name;
}

// One number in NSpid: the process lives in the namespace that this /proc shows, not in one below.
bool is_outermost(const process_handle& process)
{
    const auto status = process.read("status", status_limit);
    if (!status) return false;
    const std::string_view numbers = status_value(status->text, "NSpid");
    // No such line before Linux 4.1.
    return numbers.find_first_of(" \t") == std::string_view::npos;
}

result<process_handle> from_pid_file(const std::string& root, std::string_view name, const std::string& path,
                                     std::string_view text)
{
    const auto pid = parse_pid(trimmed(text));
    if (!pid) return error(failure::malformed, fmt::format("{}: {}", path, pid.error().message()));
    auto process = process_handle::open(root, *pid);
    if (!process) return process.error();
    if (!has_name(*process, name)) {
        return error(failure::conflict, fmt::format("{} names process {}, which is no {}", path, *pid, name));
    }
    return process;
}

}  // namespace

result<process_handle> find_daemon(const std::string& root, std::string_view name, const std::string& pid_file)
{
    if (!pid_file.empty()) {
        const files::place where(root, pid_file);
        const auto text = files::read_file(where, pid_file_limit);
        if (text) return from_pid_file(root, name, where.shown(), text->text);
        if (text.error().kind() != failure::gone) return text.error();
    }

    std::vector<process_handle> found;
    const files::place proc(root, "/proc");
    files::directory entries(files::open(proc, O_RDONLY | O_DIRECTORY));
    if (!entries) return from_errno(errno, "read " + proc.shown());
    while (const dirent* const entry = entries.next()) {
        const auto pid = parse_pid(static_cast<const char*>(entry->d_name));
        if (!pid) continue;
        auto process = process_handle::open(root, *pid);
        if (!process || !has_name(*process, name)) continue;
        if (has_executable(*process, name) && is_outermost(*process)) found.push_back(std::move(*process));
    }
    if (entries.failure() != 0) return from_errno(entries.failure(), "read " + proc.shown());
    if (found.empty()) return error(failure::gone, fmt::format("no {} is running on this node", name));
    if (found.size() > 1) {
        std::vector<pid_t> pids;
        pids.reserve(found.size());
        for (const process_handle& process : found) pids.push_back(process.pid());
        return error(failure::conflict,
                     fmt::format("several processes are called {} ({}): name one by its pid file in the configuration",
                                 name, fmt::join(pids, ", ")));
    }
    return std::move(found.front());
}

result<void> signal_daemon(const process_handle& daemon, std::string_view name, int signal_number)
{
    const std::string shown = fmt::format("signal {} (process {})", name, daemon.pid());
    if (daemon.pidfd() < 0) {
        return error(failure::unavailable,
                     fmt::format("{}: this service does not share the node's process namespace, or the kernel is older "
                                 "than 5.3",
                                 shown));
    }
    const auto status = daemon.read("status", status_limit);
    if (!status) return status.error();
    const std::string_view mask = status_value(status->text, "SigCgt");
    std::uint64_t caught = 0;
    const auto [stopped, code] = std::from_chars(mask.data(), mask.data() + mask.size(), caught, 16);
    if (code != std::errc{} || stopped != mask.data() + mask.size() ||
        ((caught >> static_cast<unsigned>(signal_number - 1)) & 1U) == 0) {
        return error(failure::conflict, fmt::format("{}: it does not handle signal {}", shown, signal_number));
    }
    if (::pidfd_send_signal(daemon.pidfd(), signal_number, nullptr, 0) == 0) return {};
    if (errno == EPERM) return error(failure::denied, fmt::format("{}: CAP_KILL is missing", shown));
    return from_errno(errno, shown);
}

}  // namespace nodescope::host
