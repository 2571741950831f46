// Which of several cgroups with one container's id in their names is the container: the name alone proves nothing, for
// whoever may make a cgroup may call it that. The one rule for what is shown and for what is looked up. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::host {

/// A cgroup whose name has the id.
struct id_bearer {
    std::string_view path;
    bool delegated = false;  ///< somebody else than root can have made it
    std::chrono::sys_time<std::chrono::nanoseconds> created;
};

/// What the runtime's own process says, if the runtime was heard and its process is alive.
struct init_evidence {
    bool known = false;  ///< false: decide without
    std::string path;    ///< the container's cgroup, by that process
};

/// The container among them: the one that the runtime's process is in. Without such evidence, of those that only root
/// can have made the one that is called as runtimes call a container (a unit of Podman's health checks only has the id
/// in its name), then the one in the fewest containers (a copy may be inside another, or inside itself), then the
/// oldest, then the upper one. One that others can have made, such as a rootless engine's, is the container only where
/// there is no other and no process says otherwise. Nothing when none is.
std::optional<std::size_t> choose_container(const std::vector<id_bearer>& bearers, const init_evidence& init);

/// The container's cgroup by the text of /proc/PID/cgroup of a process of it: the path up to the first component
/// that has the id. Empty when none has.
std::string container_path(std::string_view process_cgroup, std::string_view id);

}  // namespace nodescope::host
