#include "collectors/host/proc/proc_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace nodescope::host {

namespace {
// Most proc files are shorter; longer ones double it.
constexpr std::size_t first_read = 4096;
}  // namespace

std::string under_root(std::string_view root, std::string_view path)
{
    while (!root.empty() && root.back() == '/') root.remove_suffix(1);
    return fmt::format("{}{}", root, path);
}

result<unique_fd> open_directory(const std::string& path)
{
    unique_fd opened(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened) return from_errno(errno, "open " + path);
    return opened;
}

result<file_text> read_whole(int descriptor, std::size_t limit, std::string_view shown)
{
    (void)::lseek(descriptor, 0, SEEK_SET);  // fails on what cannot be read twice anyway
    file_text read;
    std::size_t size = 0;
    for (;;) {
        // One byte more than allowed tells a file of exactly `limit` bytes from a longer one.
        if (size == read.text.size()) {
            read.text.resize(std::min(std::max(first_read, size * 2), limit + 1));
        }
        const ssize_t got = ::read(descriptor, read.text.data() + size, read.text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return from_errno(errno, fmt::format("read {}", shown));
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
        if (size > limit) {
            read.truncated = true;
            size = limit;
            break;
        }
    }
    read.text.resize(size);
    return read;
}

result<file_text> read_file_at(int directory, const std::string& name, std::size_t limit, std::string_view shown)
{
    const unique_fd file(::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!file) return from_errno(errno, fmt::format("read {}", shown));
    return read_whole(file.get(), limit, shown);
}

result<file_text> read_file(const std::string& path, std::size_t limit)
{
    return read_file_at(AT_FDCWD, path, limit, path);
}

}  // namespace nodescope::host
