// Files of the node seen through a root path (--root), which in a container is a mount of the host's file system. This
// is the only way to them: a path glued to the root would follow the host's absolute links into our own file system.
#pragma once

#include "core/error.hpp"
#include "core/unique_fd.hpp"

#include <optional>
#include <string>
#include <string_view>

#include <fcntl.h>

namespace nodescope::files {

/// Whether that root is the one this process has anyway: "/" and "".
bool is_own_root(std::string_view root) noexcept;

/// A path of the node, and the root through which it is seen.
struct place {
    place(std::string_view r, std::string_view p) : root(r), path(p) {}
    /// What is called `name` in that directory; `name` may be a path.
    place operator/(std::string_view name) const;
    /// The root followed by the path, for messages. Not to be opened.
    [[nodiscard]] std::string shown() const;
    std::string root;
    std::string path;
};

/// Opens it without waiting (O_CLOEXEC, O_NOCTTY and O_NONBLOCK are added to the flags). Below a root other than "/"
/// all links mean paths of the host and ".." ends at the root (RESOLVE_IN_ROOT of openat2(2)), and links that the
/// kernel makes up, such as /proc/1/ns/net, are refused: open their directory and go on from there. Empty on failure,
/// with errno set.
unique_fd open(const place& where, int flags = O_RDONLY);

/// What open() does below a root other than "/" where the kernel has no openat2 (before Linux 5.6) or a container
/// runtime's filter refuses it: the same links followed by hand, one component at a time. Creates nothing.
unique_fd open_step_by_step(const place& where, int flags);

/// A directory to read. Failures carry "open <path>: <reason>".
result<unique_fd> open_directory(const place& where);

/// A path that leads to what is open, whatever root it was found below: for calls that take no descriptor,
/// such as connect(). Good for as long as it is open.
std::string path_of(const unique_fd& opened);

/// The target of a link; nothing when it is not a link.
std::optional<std::string> read_link(const place& where);

}  // namespace nodescope::files
