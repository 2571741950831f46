#include "collectors/host/disk/filesystems.hpp"

#include "collectors/host/disk/mountinfo.hpp"
#include "core/files/bounded_file.hpp"
#include "core/unique_fd.hpp"

#include <algorithm>
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

// None when the mount is gone or another lies on top of it. May hang on a network filesystem.
std::optional<filesystem_usage> blocking_measure(const std::string& root, const node_mount& mount)
{
    const unique_fd top = files::open({root, mount.mountpoint}, O_PATH);
    struct stat status = {};
    struct statvfs figures = {};
    if (!top || ::fstat(top.get(), &status) != 0 || ::fstatvfs(top.get(), &figures) != 0) return std::nullopt;
    // Of btrfs mountinfo has the number of the whole, and files have that of their subvolume.
    if (mount.type != "btrfs" && status.st_dev != gnu_dev_makedev(mount.major, mount.minor)) return std::nullopt;

    filesystem_usage usage;
    usage.device = mount.device;
    usage.major = gnu_dev_major(status.st_dev);
    usage.minor = gnu_dev_minor(status.st_dev);
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

void add(node_filesystems& into, const node_mount& mount, filesystem_usage usage)
{
    const disk_line* disk = into.disk(usage.major, usage.minor);
    if (disk == nullptr) disk = into.disk(mount.source);
    if (disk != nullptr) usage.disk = disk->counters;
    // What the kernel calls the disk that it was started from, before there are names (init/do_mounts.c).
    if (disk != nullptr && usage.device == "/dev/root") usage.device = "/dev/" + disk->name;
    into.usages.push_back(std::move(usage));
}

// The mounts, read again only when the kernel says so: poll on mountinfo tells (fs/proc_namespace.c mounts_poll). A
// file that is not the kernel's (a test's root) is read each time.
class followed_mounts {
public:
    explicit followed_mounts(std::string root) : root_(std::move(root)) {}

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
        mounts_ = parse_node_mounts(text->text);
        return mounts_;
    }

    /// The root below which the mount points are.
    [[nodiscard]] const std::string& seen_through() const noexcept { return seen_through_; }

private:
    result<void> open()
    {
        open_nodes();
        if (!file_) {
            const files::place where = reachable_mounts(root_);
            shown_ = where.shown();
            file_ = files::open(where);
            seen_through_ = root_;
        }
        if (!file_) return from_errno(errno, "read " + shown_);
        struct statfs kind = {};
        is_kernels_ = ::fstatfs(file_.get(), &kind) == 0 && kind.f_type == PROC_SUPER_MAGIC;
        return {};
    }

    /// The node's table where it may be read, and its files looked at: a service manager gives us mounts of our own,
    /// for protection, and a container has others.
    void open_nodes()
    {
        if (!files::is_own_root(root_) || !files::open({node_root, "/"}, O_PATH)) return;
        const files::place where("/", "/proc/1/mountinfo");
        file_ = files::open(where);
        if (!file_) return;
        shown_ = where.shown();
        seen_through_ = node_root;
    }

    [[nodiscard]] bool changed() const
    {
        pollfd asked{file_.get(), POLLPRI, 0};
        return !is_kernels_ || ::poll(&asked, 1, 0) != 0;
    }

    static constexpr const char* node_root = "/proc/1/root";
    std::string root_;
    std::string seen_through_ = root_;
    std::string shown_;
    unique_fd file_;
    bool is_kernels_ = false;
    std::vector<node_mount> mounts_;
};

}  // namespace

struct filesystem_watch::local_part {
    std::string root;
    node_filesystems measured;
    std::vector<node_mount> network;
};

/// What the network thread has found out so far; it may be stuck in the middle while the askers have gone on.
struct filesystem_watch::network_part {
    network_part(std::string root, std::vector<node_mount> wanted) : root_(std::move(root)), mounts_(std::move(wanted))
    {
    }

    void blocking_measure_all(const abandon_flag& abandoned)
    {
        // Goes on where an abandoned call stopped. Nobody else changes the answers: the pool has one thread.
        for (std::size_t i = answers_.size(); i < mounts_.size() && !abandoned.raised(); ++i) {
            auto usage = blocking_measure(root_, mounts_[i]);
            const std::lock_guard lock(mutex_);
            answers_.push_back(std::move(usage));
        }
    }

    void copy_to(node_filesystems& into)
    {
        const std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < mounts_.size(); ++i) {
            if (i >= answers_.size()) into.unanswered.push_back(mounts_[i].mountpoint);
            else if (const auto& answer = answers_[i]) add(into, mounts_[i], *answer);
        }
    }

private:
    const std::string root_;
    const std::vector<node_mount> mounts_;
    std::mutex mutex_;
    std::vector<std::optional<filesystem_usage>> answers_;  // of the first mounts; none: it is gone
};

struct filesystem_watch::state {
    explicit state(std::string where) : root(std::move(where)), mounts(root) {}

    // One at a time: the caller holds `busy`.
    result<std::shared_ptr<const local_part>> blocking_measure_local(const abandon_flag& abandoned)
    {
        auto current = mounts.blocking_current();
        if (!current) return current.error();
        const auto part = std::make_shared<local_part>();
        part->root = mounts.seen_through();
        if (auto text = files::read_file({root, "/proc/diskstats"}, diskstats_limit_bytes)) {
            part->measured.disks = parse_diskstats(text->text);
        }
        for (node_mount& mount : *current) {
            if (abandoned.raised()) return error(failure::cancelled, "filesystems: the asker went away");
            if (is_remote_filesystem(mount.type)) {
                part->network.push_back(std::move(mount));
            } else if (auto usage = blocking_measure(part->root, mount)) {
                add(part->measured, mount, std::move(*usage));
            }
        }
        return part;
    }

    const std::string root;
    followed_mounts mounts;
    std::mutex busy;
};

filesystem_watch::filesystem_watch(worker_pool& pool, std::string root, steady_clock::duration timeout)
    : pool_(pool), state_(std::make_shared<state>(std::move(root))), timeout_(timeout)
{
}
filesystem_watch::~filesystem_watch() = default;

task<result<std::shared_ptr<const node_filesystems>>> filesystem_watch::measure(deadline limit)
{
    limit = deadline::sooner(limit, deadline::in(timeout_));
    const auto begin_local = [this](deadline own) { return measure_local(own); };
    const auto part = co_await local_calls_.join("filesystems", limit, begin_local);
    if (!part) co_return part.error();

    const auto measured = std::make_shared<node_filesystems>((*part)->measured);
    if (!(*part)->network.empty()) {
        if (network_calls_.in_flight() == 0) network_ = std::make_shared<network_part>((*part)->root, (*part)->network);
        const auto network = network_;
        const auto begin_network = [this, network](deadline own) { return measure_network(network, own); };
        // Half of what is left, so that what is known reaches the asker in time.
        const steady_clock::duration half = limit.remaining() / 2;
        const deadline patience = deadline::in(std::min<steady_clock::duration>(network_limit, half));
        auto asking = network_calls_.join("network filesystems", patience, begin_network);
        const auto asked = co_await std::move(asking);
        if (!asked && asked.error().kind() == failure::cancelled) co_return asked.error();
        network->copy_to(*measured);
    }
    std::sort(measured->usages.begin(), measured->usages.end(),
              [](const filesystem_usage& a, const filesystem_usage& b) { return a.device < b.device; });
    last_ = measured;
    co_return last_;
}

task<result<std::shared_ptr<const filesystem_watch::local_part>>> filesystem_watch::measure_local(deadline limit)
{
    auto work = [shared = state_](const abandon_flag& abandoned) -> result<std::shared_ptr<const local_part>> {
        const std::unique_lock<std::mutex> mine(shared->busy, std::try_to_lock);
        if (!mine) return error(failure::overloaded, "filesystems: the measurement before has not ended");
        return shared->blocking_measure_local(abandoned);
    };
    co_return co_await pool_.run("filesystems", limit, std::move(work));
}

task<result<void>> filesystem_watch::measure_network(std::shared_ptr<network_part> into, deadline limit)
{
    // While one hangs there is no thread for the others.
    if (network_pool_.abandoned() > 0) {
        co_return error(failure::overloaded, "network filesystems: the one asked last still hangs");
    }
    auto work = [into](const abandon_flag& abandoned) -> result<void> {
        into->blocking_measure_all(abandoned);
        return {};
    };
    co_return co_await network_pool_.run("network filesystems", limit, std::move(work));
}

}  // namespace nodescope::host
