#include "collectors/host/cgroup/cgroup_layout.hpp"

#include "collectors/host/disk/mountinfo.hpp"
#include "core/text_scan.hpp"

#include <algorithm>
#include <cstddef>

namespace nodescope::host {

namespace {

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
        if (layout.of_controller.at(i) >= 0 || !has_part(mount.super_options, ',', controller_names.at(i))) continue;
        layout.of_controller.at(i) = hierarchy_at(layout, unescape_mount(mount.mountpoint));
    }
}

}  // namespace

int usual_hierarchy(const cgroup_layout& layout) noexcept
{
    for (const auto controller : {cgroup_controller::memory, cgroup_controller::cpu, cgroup_controller::pids}) {
        if (layout.hierarchy(controller) >= 0) return layout.hierarchy(controller);
    }
    return 0;
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
        layout.hierarchies = {unescape_mount(unified)};
        layout.of_controller.fill(0);
    } else if (!layout.hierarchies.empty()) {
        layout.version = cgroup_version::v1;
    }
    layout.pressure_mount = unescape_mount(unified);
    return layout;
}

result<cgroup_layout> blocking_read_cgroup_layout(const std::string& root)
{
    auto mounts = blocking_read_reachable_mounts(root);
    if (!mounts) return mounts.error();
    return parse_cgroup_mounts(mounts->text, root);
}

}  // namespace nodescope::host
