#include "collectors/host/disk_usage.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <unordered_set>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace nodescope::host {

namespace {

// Every open directory holds a descriptor; deeper trees are counted as truncated. PATH_MAX would allow 2000.
constexpr std::size_t depth_limit = 256;
// How many entries between two looks at the deadline.
constexpr std::uint64_t entries_at_a_time = 256;

struct directory_closer {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using directory_stream = std::unique_ptr<DIR, directory_closer>;

directory_stream open_stream(int parent, const char* name)
{
    unique_fd opened(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME));
    // O_NOATIME is refused to those who do not own the directory.
    if (!opened) opened.reset(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    directory_stream entries(opened ? ::fdopendir(opened.get()) : nullptr);
    if (entries) (void)opened.release();
    return entries;
}

// Depth first, with the directories on the way open: whoever renames or replaces one meanwhile cannot lead us
// elsewhere.
class tree_walk {
public:
    tree_walk(deadline limit, const abandon_flag& abandoned, std::uint64_t entry_limit)
        : limit_(limit), abandoned_(abandoned), entry_limit_(entry_limit)
    {
    }

    result<tree_usage> run(const std::string& directory)
    {
        struct stat top = {};
        directory_stream entries = open_stream(AT_FDCWD, directory.c_str());
        if (!entries || ::fstat(::dirfd(entries.get()), &top) != 0) {
            return from_errno(errno, "disk usage: open " + directory);
        }
        device_ = top.st_dev;
        usage_.major = gnu_dev_major(device_);
        usage_.minor = gnu_dev_minor(device_);
        count(top);
        open_.push_back(std::move(entries));
        while (!open_.empty() && !usage_.truncated) {
            if (const dirent* entry = ::readdir(open_.back().get())) {
                visit(entry->d_name);
            } else {
                open_.pop_back();
            }
            if (++steps_ % entries_at_a_time != 0) continue;
            if (abandoned_.raised()) return error(failure::cancelled, "disk usage: the asker went away");
            if (limit_.passed()) return late(directory);
        }
        return usage_;
    }

private:
    void visit(const char* name)
    {
        const std::string_view shown = name;
        if (shown == "." || shown == "..") return;
        struct stat status = {};
        const int parent = ::dirfd(open_.back().get());
        if (::fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) return;
        if (status.st_dev != device_ || !count(status) || !S_ISDIR(status.st_mode)) return;
        if (open_.size() >= depth_limit) {
            usage_.truncated = true;
            return;
        }
        if (directory_stream entries = open_stream(parent, name)) open_.push_back(std::move(entries));
    }

    // False: counted already, or too many.
    bool count(const struct stat& status)
    {
        if (!S_ISDIR(status.st_mode) && status.st_nlink > 1 && !linked_.insert(status.st_ino).second) return false;
        if (usage_.inodes >= entry_limit_) {
            usage_.truncated = true;
            return false;
        }
        constexpr std::uint64_t block_size = 512;  // stat(2), whatever the file system's own
        usage_.bytes += static_cast<std::uint64_t>(status.st_blocks) * block_size;
        ++usage_.inodes;
        return true;
    }

    [[nodiscard]] error late(const std::string& directory) const
    {
        return {failure::timed_out, fmt::format("disk usage: {} is not walked within {}, {} entries counted", directory,
                                                duration_text(limit_.limit()), usage_.inodes)};
    }

    deadline limit_;
    const abandon_flag& abandoned_;
    std::uint64_t entry_limit_;
    dev_t device_ = 0;
    std::uint64_t steps_ = 0;
    tree_usage usage_;
    std::vector<directory_stream> open_;
    std::unordered_set<ino_t> linked_;
};

}  // namespace

result<tree_usage> blocking_tree_usage(const std::string& directory, deadline limit, const abandon_flag& abandoned,
                                       std::uint64_t entry_limit)
{
    return tree_walk(limit, abandoned, entry_limit).run(directory);
}

}  // namespace nodescope::host
