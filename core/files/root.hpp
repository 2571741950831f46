// Files of the node seen through a root path (--root), which in a container is a mount of the host's file system.
#pragma once

#include "core/unique_fd.hpp"

#include <cstddef>
#include <string>

namespace nodescope::netlink {

/// Opens <root>/<path> for reading, without waiting. Symbolic links under a root other than "/" are the host's and mean
/// paths of the host (/etc/hosts may well be one). Empty on failure, with errno set.
unique_fd open_in_root(const std::string& root, const char* path);

/// The whole of a regular file of at most `size_limit` bytes; anything else counts as empty.
std::string read_in_root(const std::string& root, const char* path, std::size_t size_limit);

}  // namespace nodescope::netlink
