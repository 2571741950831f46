// Files of a container, seen through /proc/PID/root: whoever is in there decides what they are and how long they take.
// Blocking, and for as long as somebody else likes (a file system of the network, of a process): only for threads that
// nothing else waits for.
#pragma once

#include "core/error.hpp"
#include "core/files/bounded_file.hpp"
#include "core/unique_fd.hpp"

#include <cstddef>
#include <string>

namespace nodescope::files {

/// The root directory of the process whose open /proc/PID is `process_directory`. failure::gone when it has ended.
result<unique_fd> open_root_of(int process_directory);

/// Opens `path` as processes below `inside` would find it, links included, which never lead out of it. Only a plain
/// file is opened, for a pipe or a device would notice, and none of a file system that makes up what is read when it
/// is read (proc, sysfs, cgroup, FUSE): failure::denied.
result<unique_fd> open_foreign_file(const unique_fd& inside, const std::string& path);

/// At most `limit` bytes of it. `check` as in read_whole().
result<file_text> read_foreign_file(const unique_fd& inside, const std::string& path, std::size_t limit,
                                    const read_check& check = {});

}  // namespace nodescope::files
