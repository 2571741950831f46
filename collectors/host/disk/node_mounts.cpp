#include "collectors/host/disk/filesystems.hpp"
#include "collectors/host/disk/mount_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace nodescope::host {

namespace {

// The filesystems that are counted; network filesystems by their beginning: nfs, nfs4.
constexpr std::array<std::string_view, 2> type_beginnings{"ext", "nfs"};
constexpr std::array<std::string_view, 19> types{"btrfs", "overlay", "tmpfs", "xfs",     "zfs",  "squashfs", "f2fs",
                                                 "vfat",  "fat",     "msdos", "exfat",   "ntfs", "jfs",      "reiserfs",
                                                 "hfs",   "hfsplus", "udf",   "iso9660", "ntfs3"};

bool is_kept(std::string_view type, std::string_view mountpoint, const mount_choice& choice)
{
    // An overlay on "/" is the node's own; any other shows a disk once more under another name.
    if (type == "overlay") return choice.container_overlays || mountpoint == "/";
    return std::find(types.begin(), types.end(), type) != types.end() ||
           std::any_of(type_beginnings.begin(), type_beginnings.end(),
                       [&](std::string_view beginning) { return type.starts_with(beginning); });
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

}  // namespace

std::vector<node_mount> parse_node_mounts(std::string_view mountinfo, const mount_choice& choice)
{
    std::map<std::string, node_mount> by_device;
    for_each_mount(mountinfo, [&](const mount_line& line) {
        if (!is_kept(line.type, line.mountpoint, choice)) return;
        node_mount mount = as_node_mount(line);
        const auto [first, added] = by_device.try_emplace(mount.device, mount);
        // A later tmpfs of the same name lies on the same place and hides the earlier one.
        if (!added && (mount.mountpoint == "/" || mount.type == "tmpfs")) first->second = std::move(mount);
    });
    std::vector<node_mount> mounts;
    mounts.reserve(by_device.size());
    for (auto& [device, mount] : by_device) mounts.push_back(std::move(mount));
    return mounts;
}

}  // namespace nodescope::host
