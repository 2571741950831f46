#include "collectors/host/proc/daemon_process.hpp"

#include "collectors/host/cgroup/container_cgroup.hpp"
#include "collectors/host/node/sys_file.hpp"
#include "collectors/host/proc/proc_text.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "core/text.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// The header of glibc 2.36 does not say that these are C functions.
extern "C" {
#include <sys/pidfd.h>
}

namespace nodescope::host {

namespace {

constexpr std::size_t status_limit = 64UL * 1024UL;
constexpr std::size_t pid_file_limit = 64;
constexpr std::size_t shown_file_name = 64;

// The value of "Key:\tvalue" in a status text; empty when absent. The kernel escapes newlines in the name line.
std::string_view status_value(std::string_view status, std::string_view key)
{
    std::string_view value;
    for_each_line(status, [&](std::string_view line) {
        const auto row = split_at(line, ':');
        if (!row || row->first != key) return true;
        value = trimmed(row->second);
        return false;
    });
    return value;
}

bool has_name(const process_handle& process, std::string_view name)
{
    const auto comm = process.read("comm", pid_file_limit);
    return comm && trimmed(comm->text) == name;
}

// Its file's name; empty where it may not be looked at.
std::string executable_of(const process_handle& process)
{
    std::array<char, 4096> target{};
    const ssize_t length = ::readlinkat(process.directory(), "exe", target.data(), target.size());
    if (length <= 0) return {};
    std::string_view path(target.data(), static_cast<std::size_t>(length));
    // After an upgrade of the package the running file is a deleted one.
    if (path.ends_with(" (deleted)")) path.remove_suffix(10);
    return std::string(path.substr(path.rfind('/') + 1));
}

// k3s and others are one file that is several programs, and calls itself what it is at the moment. Only a pid file that
// root wrote says that such a process is the daemon.
error nobody_found(std::string_view name, const std::string& called_so)
{
    const std::string none = fmt::format("no {} is running on this node", name);
    if (called_so.empty()) return {failure::gone, none};
    return {failure::gone, fmt::format("{}, but {}: if that is it, name its pid file (--{}-pid-file)", none, called_so,
                                       name == "dockerd" ? "docker" : name)};
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

bool may_be_trusted(uid_t user) noexcept { return user == 0 || user == ::geteuid(); }

bool is_trusted(const process_handle& process)
{
    const auto status = process.read("status", status_limit);
    const auto user = status ? only_user(status_value(status->text, "Uid")) : std::nullopt;
    return user && may_be_trusted(*user);
}

// A container that shares the node's process namespace is there too.
bool is_of_a_container(const process_handle& process, const std::string& root)
{
    const auto cgroup = process.read("cgroup", status_limit);
    if (!cgroup) return false;
    const auto own = files::read_file({root, "/proc/self/cgroup"}, status_limit);
    return container_of_cgroup(cgroup->text, {}, own ? std::string_view(own->text) : std::string_view()) ==
           cgroup_match::other;
}

// Whether nobody but root (and the service's own user) can write there.
bool is_trusted(const files::place& where)
{
    struct stat status {};
    const unique_fd opened = files::open(where, O_PATH);
    if (!opened || ::fstat(opened.get(), &status) != 0 || !may_be_trusted(status.st_uid)) return false;
    return (status.st_mode & S_IWOTH) == 0 && ((status.st_mode & S_IWGRP) == 0 || status.st_gid == 0);
}

// The process that listens on a socket of the node; none where it cannot be asked.
std::optional<pid_t> listener_of(const files::place& socket)
{
    const unique_fd place = files::open(socket, O_PATH);
    const unique_fd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!place || !connection) return std::nullopt;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string through = files::path_of(place);
    std::memcpy(address.sun_path, through.c_str(), through.size() + 1);
    if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        return std::nullopt;
    }
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    return peer.pid;
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
    if (!is_trusted(*process)) {
        return error(failure::denied, fmt::format("{} names process {}, which is another user's", path, *pid));
    }
    return process;
}

// Leaves the one that listens, if it is among them.
void keep_listener(std::vector<process_handle>& found, const files::place& socket)
{
    const auto listening = listener_of(socket);
    const auto it = std::find_if(found.begin(), found.end(), [&](const process_handle& one) {
        // The socket's numbers are ours.
        return listening && one.pidfd() >= 0 && one.pid() == *listening;
    });
    if (it == found.end()) return;
    process_handle one = std::move(*it);
    found.clear();
    found.push_back(std::move(one));
}

}  // namespace

result<process_handle> find_daemon(const std::string& root, std::string_view name, const std::string& pid_file,
                                   const std::string& socket)
{
    if (!pid_file.empty()) {
        const files::place where(root, pid_file);
        const auto text = files::read_file(where, pid_file_limit);
        const files::place folder(root, pid_file.substr(0, pid_file.rfind('/') + 1));
        if (text && (!is_trusted(where) || !is_trusted(folder))) {
            return error(failure::denied, fmt::format("{}: others than root can write it", where.shown()));
        }
        if (text) return from_pid_file(root, name, where.shown(), text->text);
        if (text.error().kind() != failure::gone) return text.error();
    }

    std::vector<process_handle> found;
    std::string called_so;
    const files::place proc(root, "/proc");
    files::directory entries(files::open(proc, O_RDONLY | O_DIRECTORY));
    if (!entries) return from_errno(errno, "read " + proc.shown());
    while (const dirent* const entry = entries.next()) {
        const auto pid = parse_pid(static_cast<const char*>(entry->d_name));
        if (!pid) continue;
        auto process = process_handle::open(root, *pid);
        if (!process || !has_name(*process, name)) continue;
        if (!is_outermost(*process) || !is_trusted(*process) || is_of_a_container(*process, root)) continue;
        const std::string file = executable_of(*process);
        if (file == name) {
            found.push_back(std::move(*process));
        } else if (called_so.empty() && !file.empty()) {
            called_so = fmt::format("process {} ({}) is called so", *pid, escape_untrusted(file, shown_file_name));
        }
    }
    if (entries.failure() != 0) return from_errno(entries.failure(), "read " + proc.shown());
    if (found.empty()) return nobody_found(name, called_so);
    if (found.size() > 1 && !socket.empty()) keep_listener(found, {root, socket});
    if (found.size() > 1) {
        std::vector<pid_t> pids;
        pids.reserve(found.size());
        for (const process_handle& process : found) pids.push_back(process.pid());
        return error(failure::conflict,
                     fmt::format("several processes are called {} ({}): name one by its pid file in the configuration",
                                 name, joined(pids, ", ")));
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
    const auto caught = whole_number<std::uint64_t>(status_value(status->text, "SigCgt"), 16).value_or(0);
    if (((caught >> static_cast<unsigned>(signal_number - 1)) & 1U) == 0) {
        return error(failure::conflict, fmt::format("{}: it does not handle signal {}", shown, signal_number));
    }
    if (::pidfd_send_signal(daemon.pidfd(), signal_number, nullptr, 0) == 0) return {};
    if (errno == EPERM) return error(failure::denied, fmt::format("{}: CAP_KILL is missing", shown));
    return from_errno(errno, shown);
}

}  // namespace nodescope::host
