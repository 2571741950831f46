#include "collectors/host/cgroup/cgroup_layout.hpp"

#include "collectors/host/disk/mount_table.hpp"
#include "collectors/host/proc/proc_file.hpp"
#include "collectors/questions/mountinfo.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

namespace nodescope::host {

namespace {

using clock_time = std::chrono::sys_time<std::chrono::nanoseconds>;

constexpr std::array<std::string_view, cgroup_controller_count> controller_names{"cpu",   "cpuacct", "memory", "cpuset",
                                                                                 "blkio", "pids",    "devices"};

// The index of the hierarchy mounted at `path`, added if new.
int hierarchy_at(cgroup_layout& layout, const std::string& path)
{
    const auto found = std::find(layout.hierarchies.begin(), layout.hierarchies.end(), path);
    const auto index = found - layout.hierarchies.begin();
    if (found == layout.hierarchies.end()) layout.hierarchies.push_back(path);
    return static_cast<int>(index);
}

void add_controllers(cgroup_layout& layout, const mount_line& mount)
{
    for (std::size_t i = 0; i < controller_names.size(); ++i) {
        if (layout.of_controller.at(i) >= 0 || !has_option(mount.super_options, controller_names.at(i))) continue;
        layout.of_controller.at(i) = hierarchy_at(layout, under_root(layout.root, unescape_mount(mount.mountpoint)));
    }
}

std::optional<clock_time> change_time(const std::string& path)
{
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
    return clock_time(std::chrono::seconds(status.st_ctim.tv_sec) + std::chrono::nanoseconds(status.st_ctim.tv_nsec));
}

}  // namespace

std::string_view cgroup_layout::hierarchy(cgroup_controller controller) const noexcept
{
    const int index = of_controller[static_cast<std::size_t>(controller)];
    if (index < 0) return {};
    return hierarchies[static_cast<std::size_t>(index)];
}

cgroup_layout parse_cgroup_mounts(std::string_view mountinfo, std::string_view root)
{
    constexpr std::string_view usual_place = "/sys/fs/cgroup";
    cgroup_layout layout;
    layout.root = root;
    std::string_view unified;    // the first cgroup2 mount
    std::string_view top_there;  // the type of what lies on top at the usual place
    for_each_mount(mountinfo, [&](const mount_line& mount) {
        if (mount.mountpoint == usual_place) top_there = mount.type;
        if (mount.type == "cgroup2" && unified.empty()) unified = mount.mountpoint;
        if (mount.type == "cgroup") add_controllers(layout, mount);
    });

    if (top_there == "cgroup2") unified = usual_place;
    if (top_there == "cgroup2" || (layout.hierarchies.empty() && !unified.empty())) {
        layout.version = cgroup_version::v2;
        layout.hierarchies = {under_root(root, unescape_mount(unified))};
        layout.of_controller.fill(0);
    } else if (!layout.hierarchies.empty()) {
        layout.version = cgroup_version::v1;
    }
    return layout;
}

result<cgroup_layout> blocking_read_cgroup_layout(const std::string& root)
{
    auto mounts = blocking_read_reachable_mounts(root);
    if (!mounts) return mounts.error();
    return parse_cgroup_mounts(mounts->text, root);
}

bool blocking_cgroup_exists(const cgroup_layout& layout, std::string_view path)
{
    return std::any_of(layout.hierarchies.begin(), layout.hierarchies.end(), [&](const std::string& hierarchy) {
        return change_time(under_root(hierarchy, path)).has_value();
    });
}

std::optional<clock_time> blocking_cgroup_creation_time(const cgroup_layout& layout, std::string_view path,
                                                        clock_time boot_time)
{
    // Files that nobody writes to: their change time is that of their making.
    const char* const untouched = layout.version == cgroup_version::v2 ? "/cgroup.events" : "/cgroup.clone_children";
    std::optional<clock_time> oldest;
    for (const std::string& hierarchy : layout.hierarchies) {
        const std::string directory = under_root(hierarchy, path);
        const auto made = change_time(directory);
        if (!made) continue;
        const clock_time there = std::min(*made, change_time(directory + untouched).value_or(*made));
        oldest = std::min(oldest.value_or(there), there);
    }
    if (oldest) oldest = std::max(*oldest, boot_time);
    return oldest;
}

std::string_view container_id_of_path(std::string_view cgroup_path) noexcept
{
    constexpr std::size_t id_length = 64;
    const std::string_view name = cgroup_path.substr(cgroup_path.rfind('/') + 1);
    if (name.ends_with(".mount") || name.starts_with("crio-conmon-") || name.starts_with("libpod-conmon-")) return {};
    const auto of_an_id = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); };
    for (std::size_t begin = 0; begin < name.size();) {
        std::size_t end = begin;
        while (end < name.size() && of_an_id(name[end])) ++end;
        if (end - begin == id_length) return name.substr(begin, id_length);
        begin = end + 1;
    }
    return {};
}

}  // namespace nodescope::host
