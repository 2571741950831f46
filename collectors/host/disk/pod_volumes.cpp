#include "collectors/host/disk/pod_volumes.hpp"

#include "collectors/host/disk/disk_usage.hpp"
#include "collectors/host/disk/filesystems.hpp"
#include "collectors/host/disk/mountinfo.hpp"
#include "core/ascii.hpp"
#include "core/files/directory.hpp"
#include "core/files/root.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/statvfs.h>

namespace nodescope::host {

namespace {

constexpr std::string_view pods_folder = "/var/lib/kubelet/pods";
constexpr std::string_view empty_dir = "empty-dir";
constexpr std::array<std::string_view, 4> views_of_objects{"configmap", "secret", "projected", "downward-api"};

/// Names of folders in a folder; the first `limit` of them.
std::vector<std::string> names_in(const files::place& where, std::size_t limit)
{
    std::vector<std::string> names;
    files::directory entries(files::open(where, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (!entries) return names;
    while (names.size() < limit) {
        const dirent* const entry = entries.next();
        if (entry == nullptr) break;
        names.emplace_back(entry->d_name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

/// "kubernetes.io~empty-dir" to "empty-dir".
std::string kind_of(std::string_view plugin) { return std::string(plugin.substr(plugin.rfind('~') + 1)); }

/// Where something is mounted below a folder of the kubelet, and the type of its filesystem.
using mounted_types = std::map<std::string, std::string, std::less<>>;

mounted_types types_below(const std::string& root, std::string_view folder)
{
    mounted_types mounted;
    const auto mounts = blocking_read_reachable_mounts(root);
    if (!mounts) return mounted;
    for_each_mount(mounts->text, [&](const mount_line& mount) {
        std::string point = unescape_mount(mount.mountpoint);
        if (point.starts_with(folder)) mounted[std::move(point)] = mount.type;
    });
    return mounted;
}

/// One that nothing is mounted on has no figures of its own: it is a folder of some filesystem.
std::optional<filesystem_usage> mounted_volume(const std::string& root, const std::string& path,
                                               const mounted_types& mounted)
{
    // A driver of CSI mounts into a folder of the volume's.
    for (const std::string& point : {path, path + "/mount"}) {
        const auto type = mounted.find(point);
        if (type == mounted.end() || is_remote_filesystem(type->second)) continue;
        const unique_fd opened = files::open({root, point}, O_PATH | O_DIRECTORY | O_NOFOLLOW);
        struct statvfs figures {};
        if (!opened || ::fstatvfs(opened.get(), &figures) != 0) continue;
        filesystem_usage volume;
        volume.capacity = figures.f_blocks * figures.f_frsize;
        volume.usage = (figures.f_blocks - std::min(figures.f_blocks, figures.f_bfree)) * figures.f_frsize;
        volume.available = figures.f_bavail * figures.f_frsize;
        volume.has_inodes = figures.f_files > 0;
        volume.inodes = figures.f_files - std::min(figures.f_files, figures.f_ffree);
        return volume;
    }
    return std::nullopt;
}

result<void> add_volume(const std::string& root, const std::string& path, const mounted_types& mounted,
                        filesystem_usage named, deadline limit, const abandon_flag& abandoned, pod_volumes& into)
{
    if (named.type != empty_dir) {
        auto volume = mounted_volume(root, path, mounted);
        if (!volume) return {};
        volume->device = std::move(named.device);
        volume->type = std::move(named.type);
        into.volumes.push_back(std::move(*volume));
        return {};
    }
    const auto walked = blocking_tree_usage({root, path}, limit, abandoned);
    if (!walked) {
        const failure kind = walked.error().kind();
        into.denied = into.denied || kind == failure::denied;
        if (kind == failure::gone || kind == failure::denied) return {};
        return walked.error();
    }
    into.truncated = into.truncated || walked->truncated;
    into.denied = into.denied || walked->denied;
    named.usage = walked->bytes;
    named.has_inodes = true;
    named.inodes = walked->inodes;
    named.capacity = walked->capacity;
    into.volumes.push_back(std::move(named));
    return {};
}

/// A uid is letters, digits and dashes: anything else would lead elsewhere.
bool is_uid(std::string_view text)
{
    constexpr byte_set allowed = byte_set::alphanumeric_and("-");
    return !text.empty() && allowed.contains_all(text);
}

}  // namespace

result<pod_volumes> blocking_pod_volumes(const std::string& root, std::string_view uid, deadline limit,
                                         const abandon_flag& abandoned)
{
    const std::string folder = fmt::format("{}/{}/volumes", pods_folder, uid);
    if (!is_uid(uid)) return error(failure::gone, fmt::format("volumes: {} has no pod of that uid", pods_folder));
    if (auto opened = files::open_directory({root, folder}); !opened) return opened.error();
    const mounted_types mounted = types_below(root, folder);
    pod_volumes all;
    if (limit.passed()) return error(failure::timed_out, fmt::format("volumes of pod {}: no time left", uid));
    for (const std::string& plugin : names_in({root, folder}, volume_limit)) {
        const std::string kind = kind_of(plugin);
        if (std::find(views_of_objects.begin(), views_of_objects.end(), kind) != views_of_objects.end()) continue;
        const std::string of_plugin = fmt::format("{}/{}", folder, plugin);
        for (const std::string& name : names_in({root, of_plugin}, volume_limit)) {
            if (all.volumes.size() == volume_limit) {
                all.truncated = true;
                break;
            }
            filesystem_usage named;
            named.device = name;
            named.type = kind;
            const auto added = add_volume(root, fmt::format("{}/{}", of_plugin, name), mounted, std::move(named), limit,
                                          abandoned, all);
            if (!added) return added.error();
        }
    }
    std::sort(all.volumes.begin(), all.volumes.end(),
              [](const auto& a, const auto& b) { return std::tie(a.device, a.type) < std::tie(b.device, b.type); });
    return all;
}

}  // namespace nodescope::host
