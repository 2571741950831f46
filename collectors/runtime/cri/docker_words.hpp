// How Docker words what its list says of a container. Pure.
#pragma once

#include "collectors/runtime/cri/messages.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::cri {

/// What does not change while a container is in one state: containers of CRI are started once.
struct container_details {
    container_details() = default;
    container_state state = container_state::unknown;
    std::int64_t started_at = 0;   ///< nanoseconds since 1970
    std::int64_t finished_at = 0;  ///< the same
    std::int32_t exit_code = 0;
    bool says_exit = false;     ///< of a sandbox nobody says when and how it ended
    bool host_network = false;  ///< of a sandbox
    std::string image;
    std::string command;
    std::vector<container_mount> mounts;
};

/// What it takes in memory, about.
std::size_t size_of(const container_details& one) noexcept;

/// "Up 5 minutes", "Exited (1) 3 weeks ago", "Created".
std::string status_text(const container_details& of, std::chrono::nanoseconds now);
/// The kubelet's annotation of a container's ports (core/v1 ContainerPort) as Docker's list of them. Anything else
/// gives no ports.
std::string ports_json(std::string_view annotation);

}  // namespace nodescope::cri
