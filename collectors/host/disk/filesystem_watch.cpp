#include "collectors/host/disk/filesystems.hpp"

#include "collectors/host/disk/mountinfo.hpp"
#include "core/files/bounded_file.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

namespace nodescope::host {

namespace {

// 120 bytes a disk.
constexpr std::size_t diskstats_limit_bytes = 4UL * 1024UL * 1024UL;

bool is_network(const node_mount& mount) { return mount.type.starts_with("nfs"); }

// None when the mount is gone or another lies on top of it. May hang on a network filesystem. Corrects the device
// number of btrfs: mountinfo has that of the whole, files have that of their subvolume.
std::optional<filesystem_usage> blocking_measure(const std::string& root, node_mount& mount)
{
    const unique_fd top = files::open({root, mount.mountpoint}, O_PATH);
    struct stat status = {};
    struct statvfs figures = {};
    if (!top || ::fstat(top.get(), &status) != 0 || ::fstatvfs(top.get(), &figures) != 0) return std::nullopt;
    if (mount.type == "btrfs") {
        mount.major = gnu_dev_major(status.st_dev);
        mount.minor = gnu_dev_minor(status.st_dev);
    }
    if (status.st_dev != gnu_dev_makedev(mount.major, mount.minor)) return std::nullopt;

    filesystem_usage usage;
    usage.device = mount.device;
    usage.mountpoint = mount.mountpoint;
    usage.type = mount.type == "zfs" ? "zfs" : "vfs";
    usage.capacity = figures.f_blocks * figures.f_frsize;
    usage.usage = (figures.f_blocks - std::min(figures.f_blocks, figures.f_bfree)) * figures.f_frsize;
    usage.available = figures.f_bavail * figures.f_frsize;
    usage.has_inodes = figures.f_files != 0;
    usage.inodes = figures.f_files;
    usage.inodes_free = figures.f_ffree;
    return usage;
}

void add(node_filesystems& into, node_mount mount, filesystem_usage usage)
{
    const disk_line* disk = into.disk(mount.major, mount.minor);
    if (disk == nullptr) disk = into.disk(mount.source);
    if (disk != nullptr) usage.disk = disk->counters;
    into.mounts.push_back(std::move(mount));
    into.usages.push_back(std::move(usage));
}

void sort_by_device(node_filesystems& filesystems)
{
    std::vector<std::pair<node_mount, filesystem_usage>> pairs;
    for (std::size_t i = 0; i < filesystems.mounts.size(); ++i) {
        pairs.emplace_back(std::move(filesystems.mounts[i]), std::move(filesystems.usages[i]));
    }
    std::sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.first.device < b.first.device; });
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        filesystems.mounts[i] = std::move(pairs[i].first);
        filesystems.usages[i] = std::move(pairs[i].second);
    }
}

// The mounts, read again only when the kernel says so: poll on mountinfo tells (fs/proc_namespace.c mounts_poll). A
// file that is not the kernel's (a test's root) is read each time.
class followed_mounts {
public:
    followed_mounts(std::string root, mount_choice choice) : root_(std::move(root)), choice_(choice) {}

    result<std::vector<node_mount>> blocking_current()
    {
        if (!file_) {
            if (auto opened = open(); !opened) return opened.error();
        } else if (!changed()) {
            return mounts_;
        }
        auto text = files::read_whole(file_.get(), mountinfo_limit_bytes, shown_);
        if (!text) {
            file_.reset();
            return text.error();
        }
        if (text->truncated) text->text.resize(text->text.rfind('\n') + 1);
        mounts_ = parse_node_mounts(text->text, choice_);
        return mounts_;
    }

private:
    result<void> open()
    {
        const files::place where = reachable_mounts(root_);
        shown_ = where.shown();
        file_ = files::open(where);
        if (!file_) return from_errno(errno, "read " + shown_);
        struct statfs kind = {};
        is_kernels_ = ::fstatfs(file_.get(), &kind) == 0 && kind.f_type == PROC_SUPER_MAGIC;
        return {};
    }

    [[nodiscard]] bool changed() const
    {
        pollfd asked{file_.get(), POLLPRI, 0};
        return !is_kernels_ || ::poll(&asked, 1, 0) != 0;
    }

    std::string root_;
    mount_choice choice_;
    std::string shown_;
    unique_fd file_;
    bool is_kernels_ = false;
    std::vector<node_mount> mounts_;
};

struct running_mark {
    std::atomic<bool>& running;
    ~running_mark() { running = false; }
};

// What the network thread has found out so far; it may be stuck in the middle while the asker has gone on.
struct network_progress {
    std::mutex mutex;
    std::vector<std::optional<std::pair<node_mount, filesystem_usage>>> answers;
    std::vector<bool> asked;
};

}  // namespace

struct filesystem_watch::state {
    state(std::string where, mount_choice choice) : root(std::move(where)), mounts(root, choice) {}

    struct local_part {
        local_part() = default;
        node_filesystems measured;
        std::vector<node_mount> network;
    };

    // One at a time: the caller holds `running`.
    result<local_part> blocking_measure_local(const abandon_flag& abandoned)
    {
        auto current = mounts.blocking_current();
        if (!current) return current.error();
        local_part part;
        if (auto text = files::read_file({root, "/proc/diskstats"}, diskstats_limit_bytes)) {
            part.measured.disks = parse_diskstats(text->text);
        }
        for (node_mount& mount : *current) {
            if (abandoned.raised()) return error(failure::cancelled, "filesystems: the asker went away");
            if (is_network(mount)) {
                part.network.push_back(std::move(mount));
            } else if (auto usage = blocking_measure(root, mount)) {
                add(part.measured, std::move(mount), std::move(*usage));
            }
        }
        return part;
    }

    const std::string root;
    followed_mounts mounts;
    std::atomic<bool> running{false};
};

filesystem_watch::filesystem_watch(worker_pool& pool, std::string root, mount_choice choice,
                                   steady_clock::duration timeout)
    : pool_(pool), state_(std::make_shared<state>(std::move(root), choice)), calls_(timeout)
{
}
filesystem_watch::~filesystem_watch() = default;

task<result<std::shared_ptr<const node_filesystems>>> filesystem_watch::measure(deadline limit)
{
    const auto begin = [this](deadline own) { return measure_once(own); };
    auto joining = calls_.join("filesystems", limit, begin);
    co_return co_await std::move(joining);
}

task<result<filesystem_watch::measurement>> filesystem_watch::measure_once(deadline limit)
{
    auto work = [shared = state_](const abandon_flag& abandoned) -> result<state::local_part> {
        if (shared->running.exchange(true)) {
            return error(failure::overloaded, "filesystems: the measurement before has not ended");
        }
        const running_mark mark{shared->running};
        return shared->blocking_measure_local(abandoned);
    };
    auto part = co_await pool_.run("filesystems", limit, std::move(work));
    if (!part) co_return part.error();

    auto measured = std::make_shared<node_filesystems>(std::move(part->measured));
    if (!part->network.empty()) co_await measure_network(measured, std::move(part->network), limit);
    sort_by_device(*measured);
    last_ = measured;
    co_return measurement(measured);
}

task<void> filesystem_watch::measure_network(std::shared_ptr<node_filesystems> into, std::vector<node_mount> mounts,
                                             deadline limit)
{
    auto progress = std::make_shared<network_progress>();
    progress->answers.resize(mounts.size());
    progress->asked.resize(mounts.size());
    auto work = [progress, mounts, root = state_->root](const abandon_flag& abandoned) mutable -> result<void> {
        for (std::size_t i = 0; i < mounts.size() && !abandoned.raised(); ++i) {
            auto usage = blocking_measure(root, mounts[i]);
            const std::lock_guard lock(progress->mutex);
            progress->asked[i] = true;
            if (usage) progress->answers[i].emplace(std::move(mounts[i]), std::move(*usage));
        }
        return {};
    };
    // While one hangs there is no thread for the others.
    if (network_pool_.busy() == 0) {
        // Half of what is left, so that what is known reaches the asker in time.
        const steady_clock::duration half = limit.remaining() / 2;
        const deadline patience = deadline::in(std::min<steady_clock::duration>(network_limit, half));
        (void)co_await network_pool_.run("network filesystems", patience, std::move(work));
    }
    const std::lock_guard lock(progress->mutex);
    for (std::size_t i = 0; i < mounts.size(); ++i) {
        if (!progress->asked[i]) into->unanswered.push_back(mounts[i].mountpoint);
        if (auto& answer = progress->answers[i]) add(*into, std::move(answer->first), std::move(answer->second));
    }
}

}  // namespace nodescope::host
