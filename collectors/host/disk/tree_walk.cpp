#include "collectors/host/disk/disk_usage.hpp"
#include "core/files/directory.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <unordered_set>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

namespace nodescope::host {

namespace {

// Every open directory holds a descriptor. PATH_MAX would allow 2000, and whoever goes there step by step any number.
constexpr std::size_t depth_limit = 256;
// How many entries between two looks at the deadline.
constexpr std::uint64_t entries_at_a_time = 256;

// Opens a directory by `open(flags)`.
template <class Open>
files::directory open_entries(Open open)
{
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    unique_fd opened = open(flags | O_NOATIME);
    // O_NOATIME is refused to those who do not own the directory.
    if (!opened && errno == EPERM) opened = open(flags);
    return files::directory(std::move(opened));
}

// Depth first, with the directories on the way open: whoever renames or replaces one meanwhile cannot lead us
// elsewhere.
class tree_walk {
public:
    tree_walk(deadline limit, const abandon_flag& abandoned, tree_limits limits)
        : limit_(limit), abandoned_(abandoned), limits_(limits)
    {
    }

    result<tree_usage> run(const files::place& where)
    {
        struct stat top = {};
        files::directory entries = open_entries([&](int flags) { return files::open(where, flags); });
        if (!entries || ::fstat(entries.descriptor(), &top) != 0) {
            return from_errno(errno, "disk usage: open " + where.shown());
        }
        struct statvfs figures = {};
        if (::fstatvfs(entries.descriptor(), &figures) == 0) usage_.capacity = figures.f_blocks * figures.f_frsize;
        device_ = top.st_dev;
        usage_.major = gnu_dev_major(device_);
        usage_.minor = gnu_dev_minor(device_);
        count(top);
        open_.push_back(std::move(entries));
        while (!open_.empty() && usage_.inodes < limits_.entries) {
            if (const dirent* const entry = open_.back().next()) {
                visit(entry->d_name);
            } else {
                const int why = open_.back().failure();
                if (why != 0 && why != ENOENT) usage_.truncated = true;
                open_.pop_back();
            }
            if (++steps_ % entries_at_a_time != 0) continue;
            if (abandoned_.raised()) return error(failure::cancelled, "disk usage: the asker went away");
            if (limit_.passed()) return late(where.shown());
        }
        if (!open_.empty()) usage_.truncated = true;
        return usage_;
    }

private:
    void visit(const char* name)
    {
        struct stat status = {};
        const int parent = open_.back().descriptor();
        if (::fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) return;
        if (status.st_dev != device_ || !count(status) || !S_ISDIR(status.st_mode)) return;
        if (open_.size() < depth_limit) descend(parent, name);
        else usage_.truncated = true;
    }

    void descend(int parent, const char* name)
    {
        files::directory entries = open_entries([&](int flags) { return unique_fd(::openat(parent, name, flags)); });
        if (!entries) {
            if (errno == EACCES) usage_.denied = true;
            // What vanished or was replaced meanwhile is no loss.
            else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) usage_.truncated = true;
            return;
        }
        // Another file system may have been mounted there since it was looked at.
        struct stat status = {};
        if (::fstat(entries.descriptor(), &status) == 0 && status.st_dev == device_) {
            open_.push_back(std::move(entries));
        }
    }

    // False: counted already, or one too many.
    bool count(const struct stat& status)
    {
        if (!S_ISDIR(status.st_mode) && status.st_nlink > 1 && !is_first_link(status.st_ino)) return false;
        constexpr std::uint64_t block_size = 512;  // stat(2), whatever the file system's own
        usage_.bytes += static_cast<std::uint64_t>(status.st_blocks) * block_size;
        ++usage_.inodes;
        return true;
    }

    bool is_first_link(ino_t inode)
    {
        if (linked_.contains(inode)) return false;
        if (linked_.size() >= limits_.links) {
            usage_.truncated = true;
            return false;
        }
        linked_.insert(inode);
        return true;
    }

    [[nodiscard]] error late(const std::string& shown) const
    {
        return {failure::timed_out, fmt::format("disk usage: {} is not walked within {}, {} entries counted", shown,
                                                duration_text(limit_.limit()), usage_.inodes)};
    }

    deadline limit_;
    const abandon_flag& abandoned_;
    tree_limits limits_;
    dev_t device_ = 0;
    std::uint64_t steps_ = 0;
    tree_usage usage_;
    std::vector<files::directory> open_;
    std::unordered_set<ino_t> linked_;
};

}  // namespace

void blocking_stand_back() noexcept
{
    // linux/ioprio.h, which old headers lack.
    constexpr int who_process = 1;
    constexpr int idle_class = 3 << 13;
    constexpr int lowest = 19;
    // 0 is the calling thread, for both. Refused where a sandbox filters the calls: then it costs a little more.
    ::setpriority(PRIO_PROCESS, 0, lowest);
    ::syscall(SYS_ioprio_set, who_process, 0, idle_class);
}

result<tree_usage> blocking_tree_usage(const files::place& where, deadline limit, const abandon_flag& abandoned,
                                       tree_limits limits)
{
    return tree_walk(limit, abandoned, limits).run(where);
}

}  // namespace nodescope::host
