#include "collectors/host/cgroup/cgroup_maker.hpp"

#include "collectors/host/cgroup/cgroup_layout.hpp"
#include "collectors/host/cgroup/cgroup_walk.hpp"
#include "collectors/host/cgroup/container_cgroup.hpp"
#include "core/files/root.hpp"
#include "core/unique_fd.hpp"
#include "core/worker_pool.hpp"

#include <array>
#include <cstddef>

#include <fcntl.h>

namespace nodescope::host {

namespace {

// Of cgroup v2, and of v1: whatever has a container has it in the hierarchy of the memory controller.
constexpr std::array<std::string_view, 2> usual_places{"/sys/fs/cgroup", "/sys/fs/cgroup/memory"};

/// As is_roots_alone(), by the owner of `top`: asked for only where the directory is not root's.
bool is_closed_to_others(const struct stat& directory, const unique_fd& top)
{
    if (is_roots_alone(directory, 0)) return true;
    struct stat above {};
    return ::fstat(top.get(), &above) == 0 && is_roots_alone(directory, above.st_uid);
}

// `path` has no "..".
cgroup_maker maker_in(const files::place& hierarchy, const std::string& path)
{
    const unique_fd top = files::open(hierarchy, O_PATH | O_DIRECTORY);
    struct stat status {};
    if (!top || ::fstatat(top.get(), path.c_str() + 1, &status, AT_SYMLINK_NOFOLLOW) != 0) return cgroup_maker::unknown;
    std::size_t depth = 0;
    for (std::size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
        const std::string above = path.substr(1, end - 1);
        if (::fstatat(top.get(), above.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return cgroup_maker::unknown;
        // No runtime's is as deep as that.
        if (!is_closed_to_others(status, top) || ++depth > cgroup_depth_limit) return cgroup_maker::others;
    }
    return cgroup_maker::root;
}

}  // namespace

bool is_roots_alone(const struct stat& directory, uid_t owner) noexcept
{
    const bool others_write = (directory.st_mode & S_IWOTH) != 0;
    const bool group_writes = (directory.st_mode & S_IWGRP) != 0 && directory.st_gid != 0;
    return (directory.st_uid == 0 || directory.st_uid == owner) && !others_write && !group_writes;
}

cgroup_maker blocking_maker_of(const std::string& root, std::string_view path)
{
    if (path.size() < 2 || path.front() != '/' || path.starts_with("/..")) return cgroup_maker::unknown;
    const std::string wanted(path);
    for (const std::string_view mount : usual_places) {
        const cgroup_maker maker = maker_in({root, mount}, wanted);
        if (maker != cgroup_maker::unknown) return maker;
    }
    const auto layout = blocking_read_cgroup_layout(root);
    if (!layout) return cgroup_maker::unknown;
    bool there = false;
    for (const std::string& mount : layout->hierarchies) {
        const cgroup_maker maker = maker_in({root, mount}, wanted);
        if (maker == cgroup_maker::others) return maker;
        there = there || maker == cgroup_maker::root;
    }
    return there ? cgroup_maker::root : cgroup_maker::unknown;
}

bool blocking_only_root_made(const std::string& root, std::string_view container_id, deadline limit)
{
    const auto layout = blocking_read_cgroup_layout(root);
    if (!layout) return false;
    const abandon_flag nobody;
    const auto all = blocking_find_cgroups(*layout, limit, nobody);
    if (!all || all->truncated) return false;
    bool there = false;
    for (const std::string& path : all->paths) {
        if (container_id_of_path(path) != container_id) continue;
        if (all->is_delegated(path)) return false;
        there = true;
    }
    return there;
}

}  // namespace nodescope::host
