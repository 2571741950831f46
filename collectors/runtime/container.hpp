// What a runtime knows of one container. Plain data, in the words of no runtime.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace nodescope {

/// Whose a container is in Kubernetes, as the runtime itself knows it: nothing that an image or a pod's author says.
struct pod_of_container {
    pod_of_container() = default;
    bool operator==(const pod_of_container&) const = default;
    std::string name;  ///< empty: no pod's
    std::string name_space;
    std::string uid;
    std::string container;    ///< its name in the pod; of a sandbox "POD" where the runtime labels it so, else empty
    bool is_sandbox = false;  ///< it holds the pod's network
};

/// What the runtime does not say is empty, or 0.
struct container {
    container() = default;
    std::string runtime;                        ///< which one runs it, by its name: "docker"
    std::string id;                             ///< full
    std::string name;                           ///< without a leading '/'
    std::string status;                         ///< created, running, paused, restarting, removing, exited, dead
    std::int64_t pid = 0;                       ///< of its first process; 0 when it has none
    std::string created;                        ///< RFC 3339 as the runtime wrote it, as are all times
    std::string started_at;                     ///< the last time
    std::int64_t exit_code = 0;                 ///< of its first process; -1: it does not say
    std::string finished_at;                    ///< the last time
    bool killed_for_memory = false;             ///< the runtime says so of its last end
    std::int64_t restart_count = 0;             ///< by the runtime
    std::string image;                          ///< the name it was started by
    std::map<std::string, std::string> labels;  ///< 64 KiB of them; those that do not fit are left out
    pod_of_container pod;
    std::vector<std::string> environment;  ///< "NAME=value", 64 KiB: may hold secrets, which are never shown
    std::string health;                    ///< "healthy"; empty without a health check
    std::string network_file;              ///< on which its network namespace is mounted, on the node
    bool shares_network = false;           ///< it is in the network of another container
    bool host_network = false;             ///< it is in the node's
    std::int64_t network_pid = 0;          ///< of a process that is in its network, where it has none of its own
    std::string network_guest;             ///< the container that this process is of
    std::int64_t cpu_shares = 0;           ///< as asked for; 0: not set
    std::string low_level_runtime;         ///< that runs it for this one: "runc", "io.containerd.kata.v2"
    std::string storage_driver;            ///< of its root filesystem: "overlay2", "overlayfs"
    std::string upper_directory;           ///< what it wrote, as the runtime's own paths have it
    std::string root_mountpoint;           ///< of its root filesystem, likewise
    std::string log_file;                  ///< what its output is kept in, where that is not among the runtime's files
};

/// As it is shown: at least 0, whatever an API lets pass.
inline std::uint64_t restarts_of(const container& state) noexcept
{
    return state.restart_count > 0 ? static_cast<std::uint64_t>(state.restart_count) : 0;
}

}  // namespace nodescope
