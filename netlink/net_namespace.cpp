#include "netlink/net_namespace.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace nodescope::netlink {
namespace {

// Not /proc/self: that is the main thread's.
constexpr const char* own_namespace_path = "/proc/thread-self/ns/net";

// "process 123" from an open /proc/123, for messages only.
std::string name_of_process(int proc_pid_directory)
{
    std::array<char, 64> target{};
    const auto link = fmt::format("/proc/self/fd/{}", proc_pid_directory);
    const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
    if (length <= 0) return "the process";
    const std::string_view path(target.data(), static_cast<std::size_t>(length));
    const auto digits = path.substr(path.rfind('/') + 1);
    return fmt::format("process {}", digits.substr(0, digits.find_first_not_of("0123456789")));
}

// Why a process has no network namespace, by its state in `stat` (proc(5)), which follows its name in parentheses. A
// process gives its namespaces up early in its exit (do_exit() in the kernel); one that is the first of a process
// namespace then waits until all others of that have ended, and is shown as asleep.
std::string why_without_namespace(int proc_pid_directory)
{
    constexpr const char* ended = "the process has ended";
    const unique_fd stat(::openat(proc_pid_directory, "stat", O_RDONLY | O_CLOEXEC));
    std::array<char, 128> text{};
    const ssize_t length = stat ? ::read(stat.get(), text.data(), text.size()) : 0;
    if (length <= 0) return ended;
    const std::string_view said(text.data(), static_cast<std::size_t>(length));
    const std::size_t name_end = said.rfind(')');
    if (name_end == std::string_view::npos || name_end + 2 >= said.size()) return ended;
    const char state = said[name_end + 2];
    if (state == 'Z' || state == 'X') return ended;
    return fmt::format(
        "the process is exiting and has no network any more (state {}; the first process of a container waits for the "
        "others to end)",
        state);
}

[[noreturn]] void die(const char* reason, int error_number)
{
    std::fprintf(stderr, "nodescope: fatal: %s: %s\n", reason, std::strerror(error_number));
    std::abort();
}

}  // namespace

result<net_namespace> net_namespace::adopt(unique_fd descriptor)
{
    struct stat status {};
    if (::fstat(descriptor.get(), &status) != 0) return from_errno(errno, "stat the network namespace");
    return net_namespace(std::move(descriptor), namespace_identity{status.st_dev, status.st_ino});
}

result<net_namespace> net_namespace::of_process(int proc_pid_directory)
{
    unique_fd descriptor(::openat(proc_pid_directory, "ns/net", O_RDONLY | O_CLOEXEC));
    if (descriptor) return adopt(std::move(descriptor));
    const int error_number = errno;
    const auto what = fmt::format("network namespace of {}", name_of_process(proc_pid_directory));
    // A zombie has no ns/net (ENOENT); a handle of a /proc directory whose process was reaped says ESRCH.
    if (error_number == ENOENT || error_number == ESRCH) {
        return error(failure::gone, fmt::format("{}: {}", what, why_without_namespace(proc_pid_directory)));
    }
    if (error_number == EACCES || error_number == EPERM) {
        return error(failure::denied, fmt::format("{}: {}: CAP_SYS_PTRACE is missing, or a security module forbids it",
                                                  what, std::strerror(error_number)));
    }
    return from_errno(error_number, what);
}

result<net_namespace> net_namespace::of_file(int directory, const char* name)
{
    unique_fd descriptor(::openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!descriptor) return from_errno(errno, fmt::format("open the network namespace {}", name));
    return adopt(std::move(descriptor));
}

result<net_namespace> net_namespace::of_this_thread()
{
    unique_fd descriptor(::open(own_namespace_path, O_RDONLY | O_CLOEXEC));
    if (!descriptor) return from_errno(errno, fmt::format("open {}", own_namespace_path));
    return adopt(std::move(descriptor));
}

result<net_namespace> net_namespace::of_descriptor(unique_fd opened)
{
    struct statfs system {};
    if (::fstatfs(opened.get(), &system) != 0 || system.f_type != NSFS_MAGIC ||
        ::ioctl(opened.get(), NS_GET_NSTYPE) != CLONE_NEWNET) {
        return error(failure::malformed, "the file is no network namespace");
    }
    return adopt(std::move(opened));
}

namespace detail {

setns_window::setns_window(const net_namespace& home, const net_namespace& target) : home_(home)
{
    struct stat own {};
    if (::stat(own_namespace_path, &own) != 0) die("cannot see the own network namespace", errno);
    if (namespace_identity{own.st_dev, own.st_ino} != home.identity()) {
        die("a thread is outside its own network namespace", EINVAL);
    }
    if (::setns(target.descriptor(), CLONE_NEWNET) != 0) error_number_ = errno;
}

setns_window::~setns_window()
{
    if (error_number_ != 0) return;
    if (::setns(home_.descriptor(), CLONE_NEWNET) != 0) die("cannot return to the own network namespace", errno);
}

error entry_refused(int error_number)
{
    if (error_number == EPERM) {
        return error(failure::denied,
                     fmt::format("enter the network namespace: {}: CAP_SYS_ADMIN is missing", std::strerror(EPERM)));
    }
    return from_errno(error_number, "enter the network namespace");
}

}  // namespace detail
}  // namespace nodescope::netlink
