// Who can have made a cgroup. Its name proves nothing where somebody else than root can make cgroups: a user with a
// subtree of their own may call one like anybody's container. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <sys/types.h>

namespace nodescope::host {

/// Whether only root can make cgroups in a directory of this status; `owner`: of the hierarchy, who is root there.
bool is_roots_alone(const struct stat& directory, uid_t owner) noexcept;

enum class cgroup_maker : std::uint8_t {
    root,     ///< nobody else: every directory above it is root's alone
    others,   ///< somebody else can have made it
    unknown,  ///< it cannot be found: it is gone, or seen from another cgroup namespace ("/../…")
};

/// Of the cgroup `path` (as container_path() gives it) of the node below `root`. Some 1 us for each component; more
/// only where the hierarchies are not mounted in their usual places.
cgroup_maker blocking_maker_of(const std::string& root, std::string_view path);

/// Whether cgroups of that container's id are there and only root can have made any of them: for paths that cannot be
/// found, because it walks over the whole tree (20 us a cgroup). False also when there was no time to see all.
bool blocking_only_root_made(const std::string& root, std::string_view container_id, deadline limit);

}  // namespace nodescope::host
