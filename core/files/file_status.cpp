#include "core/files/file_status.hpp"

#include "core/unique_fd.hpp"

namespace nodescope::files {

std::optional<struct stat> status_of(const place& where)
{
    struct stat status {};
    if (is_own_root(where.root)) {
        if (::stat(where.shown().c_str(), &status) != 0) return std::nullopt;
        return status;
    }
    const unique_fd found = open(where, O_PATH);
    if (!found || ::fstat(found.get(), &status) != 0) return std::nullopt;
    return status;
}

file_version::file_version(const struct stat& status)
{
    if (!S_ISREG(status.st_mode)) return;
    regular_ = true;
    device_ = status.st_dev;
    inode_ = status.st_ino;
    size_ = status.st_size;
    modified_ = status.st_mtim.tv_sec;
    modified_ns_ = status.st_mtim.tv_nsec;
    changed_ = status.st_ctim.tv_sec;
    changed_ns_ = status.st_ctim.tv_nsec;
}

file_version::file_version(const std::optional<struct stat>& status)
{
    if (status) *this = file_version(*status);
}

}  // namespace nodescope::files
