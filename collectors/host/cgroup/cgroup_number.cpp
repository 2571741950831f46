#include "collectors/host/cgroup/cgroup_number.hpp"

#include "collectors/host/cgroup/container_cgroup.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/root.hpp"
#include "core/text_scan.hpp"
#include "core/unique_fd.hpp"

#include <linux/magic.h>

#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace nodescope::host {

namespace {

constexpr std::size_t membership_limit = 64UL * 1024UL;
/// Ten thousand processes in one cgroup.
constexpr std::size_t members_limit = 128UL * 1024UL;

bool is_v2(const unique_fd& directory)
{
    struct statfs mounted {};
    return directory && ::fstatfs(directory.get(), &mounted) == 0 && mounted.f_type == CGROUP2_SUPER_MAGIC;
}

}  // namespace

std::optional<std::uint64_t> blocking_cgroup_number(const std::string& root, int process, pid_t pid)
{
    const auto membership = files::read_piece_at(process, "cgroup", membership_limit, "cgroup");
    if (!membership) return std::nullopt;
    const std::string_view path = unified_cgroup_of_process(membership->text);
    // Above the root of a cgroup namespace: "/../system.slice".
    if (path.empty() || path.find("/..") != std::string_view::npos) return std::nullopt;
    for (const std::string_view mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
        const unique_fd directory = files::open({root, std::string(mount).append(path)}, O_RDONLY | O_DIRECTORY);
        struct stat status {};
        if (!is_v2(directory) || ::fstat(directory.get(), &status) != 0) continue;
        const auto members = files::read_file_at(directory.get(), "cgroup.procs", members_limit, "cgroup.procs");
        if (!members || !has_part(members->text, '\n', std::to_string(pid))) continue;
        return status.st_ino;
    }
    return std::nullopt;
}

}  // namespace nodescope::host
