#include "core/files/bounded_file.hpp"

#include "core/resident_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include <unistd.h>

namespace nodescope::files {

namespace {
// Most files of /proc are shorter; longer ones double it.
constexpr std::size_t first_read = 4096;

result<regular_file> checked(unique_fd opened, const std::string& shown)
{
    regular_file file;
    file.descriptor = std::move(opened);
    if (!file.descriptor) return from_errno(errno, fmt::format("open {}", shown));
    if (::fstat(file.descriptor.get(), &file.status) != 0) return from_errno(errno, fmt::format("stat {}", shown));
    if (!S_ISREG(file.status.st_mode)) return error(failure::invalid, fmt::format("{} is not a regular file", shown));
    return file;
}

enum class pieces { one, many };

/// From where the descriptor stands.
result<file_text> read_on(int descriptor, std::size_t limit, std::string_view shown, pieces comes_in,
                          const read_check& check = {})
{
    file_text read;
    reading_check memory;
    std::size_t size = 0;
    for (;;) {
        if (check) {
            if (auto stopped = check()) return std::move(*stopped);
        }
        // One byte more than allowed tells a file of exactly `limit` bytes from a longer one.
        if (size == read.text.size()) {
            read.text.resize(std::min(std::max(first_read, size * 2), limit + 1));
        }
        const ssize_t got = ::read(descriptor, read.text.data() + size, read.text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return from_errno(errno, fmt::format("read {}", shown));
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
        if (!memory.may_go_on(static_cast<std::size_t>(got))) {
            return error(failure::overloaded, fmt::format("read {}: {}", shown, taken_already()));
        }
        if (size > limit) {
            read.truncated = true;
            size = limit;
            break;
        }
        if (comes_in == pieces::one && size < read.text.size()) break;
    }
    read.text.resize(size);
    return read;
}

result<file_text> read_opened(int directory, const std::string& name, std::size_t limit, std::string_view shown,
                              pieces comes_in)
{
    const unique_fd file(::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!file) return from_errno(errno, fmt::format("read {}", shown));
    return read_on(file.get(), limit, shown, comes_in);
}
}  // namespace

result<file_text> read_whole(int descriptor, std::size_t limit, std::string_view shown, const read_check& check)
{
    (void)::lseek(descriptor, 0, SEEK_SET);  // fails on what cannot be read twice anyway
    return read_on(descriptor, limit, shown, pieces::many, check);
}

result<file_text> read_file_at(int directory, const std::string& name, std::size_t limit, std::string_view shown)
{
    return read_opened(directory, name, limit, shown, pieces::many);
}

result<file_text> read_piece_at(int directory, const std::string& name, std::size_t limit, std::string_view shown)
{
    return read_opened(directory, name, limit, shown, pieces::one);
}

result<file_text> read_file(const place& where, std::size_t limit)
{
    const unique_fd file = open(where);
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) return from_errno(errno, fmt::format("read {}", where.shown()));
    if (!S_ISREG(status.st_mode)) {
        return error(failure::invalid, fmt::format("read {}: not a regular file", where.shown()));
    }
    return read_on(file.get(), limit, where.shown(), pieces::many);
}

result<regular_file> open_regular(const place& where) { return checked(open(where), where.shown()); }

result<regular_file> open_regular(const std::string& path)
{
    return checked(unique_fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)), path);
}

result<void> check_only_ours(const struct stat& status, std::string_view shown)
{
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
        return error(failure::denied,
                     fmt::format("{} belongs to uid {}, who could change it: it must belong to root or to "
                                 "the service's user (uid {})",
                                 shown, status.st_uid, ::geteuid()));
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        const std::string_view who = (status.st_mode & S_IWOTH) != 0 ? "everybody" : "its group";
        return error(failure::denied, fmt::format("{} can be written by {} (mode {:04o}): take that right away, e.g. "
                                                  "chmod go-w {}",
                                                  shown, who, status.st_mode & 07777U, shown));
    }
    return {};
}

result<std::string> read_complete(const regular_file& file, std::size_t limit, std::string_view shown)
{
    auto read = read_whole(file.descriptor.get(), limit, shown);
    if (!read) return read.error();
    if (read->truncated) {
        return error(failure::too_large, fmt::format("{} is larger than {} bytes", shown, limit));
    }
    return std::move(read->text);
}

}  // namespace nodescope::files
