// What a container's files take on disk: where its read-write layer is, and a walk over it that
// can be ended at any step. Walking a tree costs as much as it is big: how often is the caller's to say
// (disk_usage_pause). Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/files/root.hpp"
#include "core/worker_pool.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nodescope::host {

struct tree_usage {
    bool operator==(const tree_usage&) const = default;
    std::uint64_t bytes = 0;   ///< 512 times st_blocks of everything in it, the directory itself included
    std::uint64_t inodes = 0;  ///< what was counted; a file with several links once
    std::uint32_t major = 0;   ///< of the device it is on
    std::uint32_t minor = 0;
    std::uint64_t capacity = 0;  ///< of the file system
    bool truncated = false;      ///< there is more than a limit allows: figures are of what was seen
    bool denied = false;         ///< a directory may not be read (CAP_DAC_READ_SEARCH): figures are of the rest
};

/// What one walk counts at most; beyond, figures are of what was seen.
struct tree_limits {
    std::uint64_t entries = 5'000'000;
    std::size_t links = 200'000;  ///< files with several links, which have to be told apart: 8 MiB
};

/// Puts the calling thread behind all others for the CPU and the disk, as far as it may.
void blocking_stand_back() noexcept;

/// Walks `directory` without leaving its file system or following links; what vanishes meanwhile is left out, and so
/// is what lies deeper than 256 directories. failure::gone when there is none, failure::timed_out, failure::cancelled.
/// Blocking, a few microseconds an entry.
result<tree_usage> blocking_tree_usage(const files::place& where, deadline limit, const abandon_flag& abandoned,
                                       tree_limits limits = tree_limits());

/// What Docker says of a container's place on disk.
struct docker_storage {
    docker_storage() = default;
    std::string root = "/var/lib/docker";  ///< DockerRootDir of /info
    std::string driver = "overlay2";       ///< Driver of /info; "overlayfs" with the containerd image store
    std::string upper_directory;           ///< GraphDriver.Data.UpperDir of the container; empty: not said
    std::string mountpoint;                ///< of its root filesystem, an overlay; empty: not said
    std::string log_directory;             ///< what its output is kept in, outside of `root`; empty: nothing
};

/// The directory that holds what the container wrote, as the node sees it: the one Docker names, else by the id of its
/// read-write layer (overlay2, overlay, aufs), else the upper directory of its overlay mount (the containerd image
/// store). failure::gone when none of them leads anywhere, failure::denied when they may not be looked at. Blocking.
result<std::string> blocking_find_layer(const std::string& root, const docker_storage& storage,
                                        std::string_view container_id);

/// The upper directory of the overlay that is mounted on `mountpoint`, or on a path with the component `container_id`;
/// empty: none. Pure.
std::string upper_directory_of(std::string_view mountinfo, std::string_view container_id,
                               std::string_view mountpoint = {});

struct container_disk_usage {
    bool operator==(const container_disk_usage&) const = default;
    tree_usage layer;         ///< base_usage and inodes; its device is the container's
    std::uint64_t bytes = 0;  ///< usage: the layer, its output, and Docker's own files of the container
};

/// Finds and walks both. Failures as above. Blocking, for as long as the tree is big.
result<container_disk_usage> blocking_container_disk_usage(const std::string& root, const docker_storage& storage,
                                                           std::string_view container_id, deadline limit,
                                                           const abandon_flag& abandoned);

/// How long to wait before the next walk: a minute, but at least fifty times as long as this one took, so that a big
/// tree costs 2 % of a disk's time and not all of it; after a failure at least twice the pause before. Never above 20
/// minutes. Pure.
steady_clock::duration disk_usage_pause(steady_clock::duration took, bool failed,
                                        steady_clock::duration before) noexcept;

}  // namespace nodescope::host
