// Reads the files that decide who may ask: tokens, password hashes, keys, certificates. What they hold never appears in
// a message. Everything here may block on the disk.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <sys/types.h>

namespace nodescope::auth {

struct guarded_file {
    guarded_file(std::string p, bool s) : path(std::move(p)), secret(s) {}
    std::string path;
    bool secret;  ///< refused when everybody may read it
};

/// What shows, without reading a file, that its content has changed.
/// Device, inode, size, times of the last change of content and of status (seconds, nanoseconds).
using file_state = std::tuple<dev_t, ino_t, off_t, time_t, long, time_t, long>;

struct file_content {
    std::string text;
    file_state state;
};

/// Failures name the file: those of open and read, `denied` when others may read a secret or change any of them,
/// `invalid` for anything but a regular file, `too_large` above the limit.
result<file_content> blocking_read_guarded(const guarded_file& file);

/// All files if at least one differs from its entry in `known` (same order), else nothing.
result<std::optional<std::vector<file_content>>> blocking_read_changed(const std::vector<guarded_file>& files,
                                                                       const std::vector<file_state>& known);

/// Larger than any bundle of CA certificates in use.
inline constexpr std::size_t guarded_file_limit = std::size_t{1} << 20U;

}  // namespace nodescope::auth
