#include "core/files/root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace nodescope::netlink {

unique_fd open_in_root(const std::string& root, const char* path)
{
    open_how how{};
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    how.resolve = RESOLVE_NO_MAGICLINKS;
    unique_fd directory;
    // Our own root needs no descriptor: links lead nowhere else from there.
    const bool own_root = root == "/";
    if (!own_root) {
        directory.reset(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!directory) return {};
        how.resolve |= RESOLVE_IN_ROOT;
    }
    const std::string where = own_root ? std::string("/").append(path) : std::string(path);
    const long opened = ::syscall(SYS_openat2, directory.get(), where.c_str(), &how, sizeof(how));
    if (opened >= 0) return unique_fd(static_cast<int>(opened));
    if (errno != ENOSYS && errno != EPERM) return {};
    // Before Linux 5.6, or under a container runtime whose system call filter does not know openat2.
    return unique_fd(::openat(directory.get(), where.c_str(), static_cast<int>(how.flags)));
}

std::string read_in_root(const std::string& root, const char* path, std::size_t size_limit)
{
    const unique_fd file = open_in_root(root, path);
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
    std::string text;
    std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (text.size() > size_limit) return {};
        // All of it; a file of /proc says 0 and is read until it ends.
        if (text.size() == static_cast<std::size_t>(status.st_size)) return text;
    }
}

}  // namespace nodescope::netlink
