#include "collectors/host/disk/filesystems.hpp"

#include "collectors/host/disk/mountinfo.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>

namespace nodescope::host {

namespace {

// The filesystems that are counted, and beginnings of their names: ext4, nfs4, fuse.sshfs.
constexpr std::array<std::string_view, 20> types{
    "btrfs", "overlay", "tmpfs", "xfs",      "zfs", "squashfs", "f2fs", "vfat",    "fat",   "msdos",
    "exfat", "ntfs",    "jfs",   "reiserfs", "hfs", "hfsplus",  "udf",  "iso9660", "ntfs3", "bcachefs"};
constexpr std::string_view local_beginning = "ext";
// Those that somebody else answers for: another machine, the hypervisor, a process.
constexpr std::array<std::string_view, 9> remote_types{"cifs",   "smb3", "ceph", "9p",     "virtiofs",
                                                       "lustre", "gpfs", "afs",  "fuseblk"};
constexpr std::array<std::string_view, 2> remote_beginnings{"nfs", "fuse."};
// They show files of the kernel, or a disk once more.
constexpr std::array<std::string_view, 4> views{"fuse.lxcfs", "fuse.fuse-overlayfs", "fuse.portal", "fuse.gvfsd-fuse"};
// Below these runtimes and the kubelet mount for containers.
constexpr std::array<std::string_view, 6> container_folders{"/var/lib/kubelet/",    "/var/lib/docker/",
                                                            "/var/lib/containerd/", "/var/lib/containers/",
                                                            "/run/containerd/",     "/run/docker/"};

template <std::size_t Size>
bool is_one_of(const std::array<std::string_view, Size>& all, std::string_view one)
{
    return std::find(all.begin(), all.end(), one) != all.end();
}

template <std::size_t Size>
bool begins_with_one_of(const std::array<std::string_view, Size>& all, std::string_view text)
{
    return std::any_of(all.begin(), all.end(), [&](std::string_view one) { return text.starts_with(one); });
}

/// A filesystem in user space that an ordinary user mounted: its process may never answer.
bool is_a_users(std::string_view super_options)
{
    constexpr std::string_view key = "user_id=";
    bool others = false;
    for (std::size_t at = 0; at <= super_options.size();) {
        const std::size_t end = std::min(super_options.find(',', at), super_options.size());
        const std::string_view option = super_options.substr(at, end - at);
        others = others || (option.starts_with(key) && option != "user_id=0");
        at = end + 1;
    }
    return others;
}

bool is_kept(const mount_line& line)
{
    // An overlay on "/" is the node's own; any other shows a disk once more under another name.
    if (line.type == "overlay") return line.mountpoint == "/";
    // A part of one shows it once more; those of containers are theirs.
    if (line.type == "tmpfs") return line.root == "/" && !begins_with_one_of(container_folders, line.mountpoint);
    if (is_one_of(views, line.type)) return false;
    if (is_remote_filesystem(line.type)) return !is_a_users(line.super_options);
    return is_one_of(types, line.type) || line.type.starts_with(local_beginning);
}

node_mount as_node_mount(const mount_line& line)
{
    node_mount mount;
    mount.mountpoint = unescape_mount(line.mountpoint);
    mount.type = line.type;
    mount.source = unescape_mount(line.source);
    mount.major = line.major;
    mount.minor = line.minor;
    mount.device = mount.source;
    if (mount.type == "tmpfs") mount.device = mount.mountpoint;
    if (mount.type == "overlay") mount.device = fmt::format("overlay_{}-{}", mount.major, mount.minor);
    return mount;
}

// Fields 4 to 14 (kernel Documentation/admin-guide/iostats.rst).
constexpr std::array counters{
    &disk_counters::reads_completed, &disk_counters::reads_merged,     &disk_counters::sectors_read,
    &disk_counters::read_time,       &disk_counters::writes_completed, &disk_counters::writes_merged,
    &disk_counters::sectors_written, &disk_counters::write_time,       &disk_counters::io_in_progress,
    &disk_counters::io_time,         &disk_counters::weighted_io_time,
};

// A node with multipath storage has some thousand.
constexpr std::size_t disk_limit = 16'384;

std::optional<disk_line> parse_disk(std::string_view line)
{
    fields words(line);
    const auto major = whole_number<std::uint32_t>(words.next());
    const auto minor = whole_number<std::uint32_t>(words.next());
    if (!major || !minor) return std::nullopt;
    disk_line disk;
    disk.major = *major;
    disk.minor = *minor;
    disk.name = words.next();
    if (disk.name.empty()) return std::nullopt;
    for (const auto counter : counters) {
        const auto value = whole_number<std::uint64_t>(words.next());
        if (!value) return std::nullopt;
        disk.counters.*counter = *value;
    }
    return disk;
}

}  // namespace

bool is_remote_filesystem(std::string_view type) noexcept
{
    return is_one_of(remote_types, type) || begins_with_one_of(remote_beginnings, type);
}

std::vector<node_mount> parse_node_mounts(std::string_view mountinfo)
{
    std::map<std::string, node_mount> by_device;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> tmpfs_places;
    for_each_mount(mountinfo, [&](const mount_line& line) {
        if (!is_kept(line)) return;
        node_mount mount = as_node_mount(line);
        if (mount.type == "tmpfs") {
            // Mounted at a second place, it is still one.
            const std::pair number(mount.major, mount.minor);
            if (tmpfs_places.try_emplace(number, mount.mountpoint).first->second != mount.mountpoint) return;
        }
        const auto [first, added] = by_device.try_emplace(mount.device, mount);
        // A later tmpfs of the same name lies on the same place and hides the earlier one.
        if (!added && (mount.mountpoint == "/" || mount.type == "tmpfs")) first->second = std::move(mount);
    });
    std::vector<node_mount> mounts;
    mounts.reserve(by_device.size());
    for (auto& one : by_device) mounts.push_back(std::move(one.second));
    return mounts;
}

std::vector<disk_line> parse_diskstats(std::string_view text)
{
    std::vector<disk_line> disks;
    for_each_line(text, [&](std::string_view line) {
        if (auto disk = parse_disk(line)) disks.push_back(std::move(*disk));
        return disks.size() < disk_limit;
    });
    std::sort(disks.begin(), disks.end(), [](const disk_line& a, const disk_line& b) {
        return std::tie(a.major, a.minor) < std::tie(b.major, b.minor);
    });
    return disks;
}

const disk_line* node_filesystems::disk(std::uint32_t major, std::uint32_t minor) const noexcept
{
    const auto wanted = std::tie(major, minor);
    const auto found = std::lower_bound(
        disks.begin(), disks.end(), wanted,
        [](const disk_line& one, const auto& number) { return std::tie(one.major, one.minor) < number; });
    return found != disks.end() && std::tie(found->major, found->minor) == wanted ? &*found : nullptr;
}

const disk_line* node_filesystems::disk(std::string_view device) const noexcept
{
    constexpr std::string_view folder = "/dev/";
    if (!device.starts_with(folder)) return nullptr;
    const auto found = std::find_if(disks.begin(), disks.end(),
                                    [&](const disk_line& one) { return one.name == device.substr(folder.size()); });
    return found == disks.end() ? nullptr : &*found;
}

std::string node_filesystems::device_name(std::uint32_t major, std::uint32_t minor, bool of_root) const
{
    const disk_line* const named = disk(major, minor);
    const filesystem_usage* const mounted = on_device(major, minor);
    if (mounted != nullptr && (of_root || named == nullptr)) return mounted->device;
    // "!" stands for a slash in names of the kernel: cciss!c0d0 is /dev/cciss/c0d0.
    std::string name = named == nullptr ? std::string() : "/dev/" + named->name;
    std::replace(name.begin(), name.end(), '!', '/');
    return name;
}

const filesystem_usage* node_filesystems::on_device(std::uint32_t major, std::uint32_t minor) const noexcept
{
    const auto found = std::find_if(usages.begin(), usages.end(), [&](const filesystem_usage& one) {
        return one.major == major && one.minor == minor;
    });
    return found == usages.end() ? nullptr : &*found;
}

}  // namespace nodescope::host
