// The filesystems of the node and the names of its block devices.
#pragma once

#include "collectors/host/usage.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/shared_calls.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::host {

/// A mount that counts as a filesystem of the node.
struct node_mount {
    bool operator==(const node_mount&) const = default;
    std::string device;      ///< as answers name it: "/dev/vda", "/dev/shm", "overlay_0-39"
    std::string mountpoint;  ///< as the node sees it, without the root
    std::string type;        ///< of the filesystem: "ext4"
    std::string source;      ///< as mounted: "/dev/vda", "tmpfs", "server:/export"
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
};

/// Whether somebody else than the kernel answers for a filesystem of this type, and may never do so.
bool is_remote_filesystem(std::string_view type) noexcept;

/// The filesystems in a mountinfo text: of the types that are counted, the first mount of a source, and "/" before any
/// other; of a tmpfs the first mount of the whole. Without those that runtimes, the kubelet and users mount for
/// themselves. Sorted by device. Pure.
std::vector<node_mount> parse_node_mounts(std::string_view mountinfo);

/// A disk or partition of /proc/diskstats.
struct disk_line {
    bool operator==(const disk_line&) const = default;
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::string name;  ///< "nvme0n1p2", without /dev/
    disk_counters counters;
};

/// Sorted by device number. Malformed lines are skipped. Pure.
std::vector<disk_line> parse_diskstats(std::string_view text);

/// The filesystems and disks at one time.
struct node_filesystems {
    node_filesystems() = default;
    /// Sorted by device, without those that do not answer (a hung NFS server), are gone or lie below another mount.
    std::vector<filesystem_usage> usages;
    std::vector<disk_line> disks;         ///< as parse_diskstats gives them
    std::vector<std::string> unanswered;  ///< mount points of network filesystems that have not answered

    /// "/dev/vda"; empty when the device is not known. The disks are asked first, then the mounts; for "/" the other
    /// way round.
    [[nodiscard]] std::string device_name(std::uint32_t major, std::uint32_t minor, bool of_root = false) const;
    /// nullptr: no such disk. By number, or by a name like "/dev/vda".
    [[nodiscard]] const disk_line* disk(std::uint32_t major, std::uint32_t minor) const noexcept;
    [[nodiscard]] const disk_line* disk(std::string_view device) const noexcept;
    /// nullptr: none is on that device.
    [[nodiscard]] const filesystem_usage* on_device(std::uint32_t major, std::uint32_t minor) const noexcept;
};

/// Follows the node's mounts and measures their filesystems. Reactor thread only. Outlives its calls.
class filesystem_watch {
public:
    /// `timeout` bounds one measurement, whoever asks for it.
    filesystem_watch(worker_pool& pool, std::string root, steady_clock::duration timeout);
    filesystem_watch(const filesystem_watch&) = delete;
    filesystem_watch& operator=(const filesystem_watch&) = delete;
    ~filesystem_watch();

    /// Measures again, once for all who ask meanwhile: mountinfo if the kernel says that it changed, one statfs each,
    /// /proc/diskstats. Those that are not the kernel's own (nfs, fuse) are asked on a thread of their own, and each
    /// asker waits for them until half of its own time is gone, at most network_limit: those that have not answered by
    /// then are left out and named in `unanswered`. failure::denied, failure::gone when mountinfo cannot be read,
    /// failure::timed_out, failure::cancelled, failure::overloaded while the measurement before still hangs in a disk.
    task<result<std::shared_ptr<const node_filesystems>>> measure(deadline limit);

    /// The last measurement; null before the first.
    [[nodiscard]] std::shared_ptr<const node_filesystems> last() const noexcept { return last_; }

    /// Whether a network filesystem holds our thread in the kernel: the destructor would wait for it, so a service that
    /// ends leaves by _exit then, as for worker_pool::busy.
    [[nodiscard]] bool busy() const noexcept { return network_pool_.busy() > 0; }

    /// A file server on the same network answers within milliseconds.
    static constexpr std::chrono::seconds network_limit{2};

private:
    struct state;
    struct local_part;
    struct network_part;
    task<result<std::shared_ptr<const local_part>>> measure_local(deadline limit);
    task<result<void>> measure_network(std::shared_ptr<network_part> into, deadline limit);

    worker_pool& pool_;
    worker_pool network_pool_{1};
    std::shared_ptr<state> state_;  // shared with jobs that outlive their caller
    steady_clock::duration timeout_;
    shared_calls<std::shared_ptr<const local_part>> local_calls_{timeout_};
    shared_calls<void> network_calls_{network_limit};
    std::shared_ptr<network_part> network_;  // of the last of the network calls
    std::shared_ptr<const node_filesystems> last_;
};

}  // namespace nodescope::host
