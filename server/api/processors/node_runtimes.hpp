// What the node's runtimes say together: their lists of containers as one, and what each says of itself.
#pragma once

#include "collectors/runtime/cri/cri_runtime.hpp"
#include "collectors/runtime/docker/docker_client.hpp"
#include "collectors/runtime/podman/podman_runtime.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nodescope::api {

/// Those that the configuration allows to be asked; at least one is not null.
struct node_runtimes {
    docker::client* docker = nullptr;
    podman::runtime_client* podman = nullptr;
    cri::runtime_client* cri = nullptr;
};

/// A JSON array, an engine's byte for byte where only that one has containers.
struct node_list {
    node_list() = default;
    std::vector<docker::shared_body> of_engines;
    std::shared_ptr<const cri::docker_shaped_list> of_cri;
    std::string joined;   ///< where more than one has some
    std::string failure;  ///< of those that could not be asked, while another could
    std::uint64_t left_out = 0;

    [[nodiscard]] const std::string& text() const noexcept;
};

/// What there is not is empty.
struct node_info {
    node_info() = default;
    std::string docker;   ///< Docker's info object, as it is
    std::string runtime;  ///< what the runtime with CRI says, or Podman where there is none with CRI
    std::string podman;   ///< what Podman says beside one with CRI
    std::string no_docker;
    std::string no_runtime;
    std::string no_podman;
};

/// A failure only where nobody could be asked. A runtime whose socket is not there counts as one that is not there.
task<result<std::shared_ptr<const node_list>>> list_of_node(node_runtimes asked, deadline limit);
task<result<node_info>> info_of_node(node_runtimes asked, deadline limit);

}  // namespace nodescope::api
