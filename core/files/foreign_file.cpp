#include "core/files/foreign_file.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace nodescope::files {

namespace {

/// What is read there is made when it is read, by the kernel or by somebody who may take as long as they like.
constexpr std::array<long, 5> refused_filesystems{PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC,
                                                  CGROUP2_SUPER_MAGIC, FUSE_SUPER_MAGIC};
constexpr std::size_t shown_path = 128;

}  // namespace

result<unique_fd> open_root_of(int process_directory)
{
    unique_fd inside(::openat(process_directory, "root", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!inside) return from_errno(errno, "open the root directory of the process");
    return inside;
}

result<unique_fd> open_foreign_file(const unique_fd& inside, const std::string& path)
{
    const std::string shown = escape_untrusted(path, shown_path);
    const unique_fd found = open({path_of(inside), path}, O_PATH);
    if (!found) return from_errno(errno, fmt::format("open {} in the container", shown));
    struct stat status {};
    struct statfs filesystem {};
    if (::fstat(found.get(), &status) != 0 || ::fstatfs(found.get(), &filesystem) != 0) {
        return from_errno(errno, fmt::format("look at {} in the container", shown));
    }
    const bool refused = std::find(refused_filesystems.begin(), refused_filesystems.end(),
                                   static_cast<long>(filesystem.f_type)) != refused_filesystems.end();
    if (!S_ISREG(status.st_mode) || refused) {
        return error(failure::denied, fmt::format("{} in the container is no plain file", shown));
    }
    unique_fd file(::open(path_of(found).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return from_errno(errno, fmt::format("open {} in the container", shown));
    return file;
}

result<file_text> read_foreign_file(const unique_fd& inside, const std::string& path, std::size_t limit,
                                    const read_check& check)
{
    const auto file = open_foreign_file(inside, path);
    if (!file) return file.error();
    return read_whole(file->get(), limit, fmt::format("{} in the container", escape_untrusted(path, shown_path)),
                      check);
}

}  // namespace nodescope::files
