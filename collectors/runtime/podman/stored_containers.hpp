// What Podman's library for storage (containers/storage) keeps of containers: one JSON array for all of them. Pure.
#pragma once

#include "collectors/runtime/container_reference.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::podman {

struct stored_container {
    stored_container() = default;
    std::string id;  ///< full
    std::string name;
    std::string image;     ///< the name it was started by
    std::string image_id;  ///< without a scheme
    std::string layer;     ///< the read-write one; empty: not said
    std::string created;   ///< RFC 3339
    std::string driver;    ///< of its root filesystem: "overlay"
};

/// Adds those of `json` that are Podman's, of that driver: CRI-O, which keeps its own in the same place, says of each
/// which pod it belongs to. What has no full id or no name of Podman's is left out. failure::malformed when it is no
/// array.
result<void> add_stored_containers(std::string_view json, std::string_view driver, std::vector<stored_container>& to);

/// By name, full id or 12 and more digits of it. failure::gone; failure::conflict when two fit.
result<stored_container> find_stored(const std::vector<stored_container>& all, const container_reference& asked);

/// What the specification says of the network of a container, and what it was given.
struct stored_specification {
    stored_specification() = default;
    std::string network_file;     ///< empty: the node's, one of its own that nobody has mounted, or another container's
    bool shares_network = false;  ///< another container's
    bool host_network = false;
    std::int64_t cpu_shares = 0;
    std::vector<std::string> command;
    std::vector<std::string> environment;  ///< "NAME=value", 64 KiB of it
};
/// Of a config.json of the OCI runtime specification. What cannot be read is not known.
stored_specification parse_specification(std::string_view json);

/// More than run on a node.
inline constexpr std::size_t stored_container_limit = 4096;

}  // namespace nodescope::podman
