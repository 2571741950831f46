#include "collectors/host/proc/held_sockets.hpp"

#include "collectors/host/node/sys_file.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "core/text_scan.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace nodescope::host {

namespace {

/// The lines that are wanted come first; an epoll descriptor has a line for each that it watches.
constexpr std::size_t fdinfo_limit = 512;

enum class finding { found, other, ended, unreadable };

using look = std::function<finding(int directory, const char* entry)>;

/// Whether one descriptor is the one. Nothing where none of them can be looked at.
std::optional<result<bool>> any_of(int process, const char* name, descriptor_allowance& allowed, std::string_view shown,
                                   const look& one)
{
    unique_fd opened(::openat(process, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened && (errno == EACCES || errno == EPERM)) return std::nullopt;
    files::directory entries(std::move(opened));
    if (!entries) return false;
    while (const dirent* const entry = entries.next()) {
        if (allowed.left == 0) return error(failure::too_large, fmt::format("{} has too many descriptors", shown));
        if (allowed.is_over()) {
            return error(failure::timed_out, fmt::format("the descriptors of {} were not read in time", shown));
        }
        --allowed.left;
        const finding what = one(entries.descriptor(), static_cast<const char*>(entry->d_name));
        if (what == finding::found) return true;
        if (what == finding::unreadable) return std::nullopt;
    }
    return false;
}

finding failed() noexcept { return errno == EACCES || errno == EPERM ? finding::unreadable : finding::ended; }

/// The number of a socket in the text of its link, "socket:[77]".
std::optional<std::uint32_t> socket_in_link(std::string_view text)
{
    constexpr std::string_view before = "socket:[";
    if (!text.starts_with(before) || !text.ends_with(']')) return std::nullopt;
    return whole_number<std::uint32_t>(text.substr(before.size(), text.size() - before.size() - 1));
}

std::optional<result<bool>> by_links(int process, const socket_visit& visit, descriptor_allowance& allowed,
                                     std::string_view shown)
{
    return any_of(process, "fd", allowed, shown, [&visit](int directory, const char* entry) {
        std::array<char, 64> target{};
        const ssize_t length = ::readlinkat(directory, entry, target.data(), target.size());
        if (length < 0) return failed();
        const auto inode = socket_in_link({target.data(), static_cast<std::size_t>(length)});
        return inode && visit(*inode) ? finding::found : finding::other;
    });
}

struct file_identity {
    std::string_view mount;
    std::string_view inode;  // empty before Linux 5.14
};

file_identity identity_in(std::string_view fdinfo)
{
    file_identity found;
    for_each_line(fdinfo, [&found](std::string_view line) {
        const auto row = split_at(line, ':');
        if (row && row->first == "mnt_id") found.mount = trimmed(row->second);
        if (row && row->first == "ino") found.inode = trimmed(row->second);
        return found.inode.empty();
    });
    return found;
}

/// All sockets are of one mount, which nothing else is of.
std::string mount_of_sockets()
{
    const unique_fd any(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto info = files::read_file({"/", fmt::format("/proc/self/fdinfo/{}", any.get())}, fdinfo_limit);
    return info ? std::string(identity_in(info->text).mount) : std::string();
}

std::optional<result<bool>> by_fdinfo(int process, const socket_visit& visit, descriptor_allowance& allowed,
                                      std::string_view shown)
{
    const std::string mount = mount_of_sockets();
    return any_of(process, "fdinfo", allowed, shown, [&](int directory, const char* entry) {
        std::array<char, fdinfo_limit> text{};
        const unique_fd file(::openat(directory, entry, O_RDONLY | O_CLOEXEC));
        const ssize_t length = file ? ::read(file.get(), text.data(), text.size()) : -1;
        if (length < 0) return failed();
        const file_identity its = identity_in({text.data(), static_cast<std::size_t>(length)});
        if (its.inode.empty() || mount.empty()) return finding::unreadable;
        if (its.mount != mount) return finding::other;
        const auto inode = whole_number<std::uint32_t>(its.inode);
        return inode && visit(*inode) ? finding::found : finding::other;
    });
}

}  // namespace

result<bool> blocking_visit_sockets(int directory, const socket_visit& visit, descriptor_allowance& allowed,
                                    std::string_view shown)
{
    if (const auto found = by_links(directory, visit, allowed, shown)) return *found;
    if (const auto found = by_fdinfo(directory, visit, allowed, shown)) return *found;
    return error(failure::denied, fmt::format("the descriptors of {} cannot be read", shown));
}

result<bool> blocking_holds_socket(int directory, std::uint32_t inode, descriptor_allowance& allowed,
                                   std::string_view shown)
{
    return blocking_visit_sockets(
        directory, [inode](std::uint32_t one) { return one == inode; }, allowed, shown);
}

}  // namespace nodescope::host
