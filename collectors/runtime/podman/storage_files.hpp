// Podman's containers by the files in which it keeps them, for when no service of it runs: Podman has no daemon. They
// are an engine's files, never a container's, and belong to root. Blocking: for pool threads.
#pragma once

#include "collectors/runtime/container.hpp"
#include "collectors/runtime/podman/stored_containers.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/files/root.hpp"
#include "core/worker_pool.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nodescope::podman {

/// Where Podman keeps things, below the node's root.
struct storage_places {
    storage_places() = default;
    std::string root = "/";
    std::string graph_root = "/var/lib/containers/storage";  ///< `podman --root`
    std::string run_root = "/run/containers/storage";        ///< `podman --runroot`
};

/// What was read, and of which state of the files.
struct stored_table {
    stored_table() = default;
    std::vector<stored_container> all;
    std::string version;
};
using shared_table = std::shared_ptr<const stored_table>;

/// All that is kept, read again only where the files are no longer those of `before` (which may be null). No files at
/// all are no containers. failure::denied for files that somebody else than root (or the service's own user) can have
/// written, and for those that may not be read; failure::malformed, failure::too_large.
result<shared_table> blocking_read_stored(const storage_places& where, const shared_table& before);

struct described_container {
    described_container() = default;
    container one;
    stored_specification specification;
    std::int64_t started_seconds = 0;  ///< since 1970; 0: it does not run
};

/// What the files say of one: without labels, which Podman keeps in a database. Its process is the one that Podman has
/// noted down when the container was started last, if that is alive; else it is "exited", with an exit code of -1.
described_container blocking_describe(const storage_places& where, const stored_container& one);

/// All of them in the shape of Docker's list. failure::timed_out, failure::cancelled.
result<std::string> blocking_list_as_docker(const storage_places& where, const stored_table& table, deadline limit,
                                            const abandon_flag& abandoned);

/// Whether Podman has run on the node since it was booted. Does not block: what it looks at is in memory.
bool has_run(const storage_places& where);

}  // namespace nodescope::podman
