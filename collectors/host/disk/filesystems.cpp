#include "collectors/host/disk/filesystems.hpp"

#include <algorithm>
#include <tuple>

namespace nodescope::host {

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
    for (std::size_t i = 0; i < mounts.size(); ++i) {
        if (mounts[i].major == major && mounts[i].minor == minor) return &usages[i];
    }
    return nullptr;
}

}  // namespace nodescope::host
