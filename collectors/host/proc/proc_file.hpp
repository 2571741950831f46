// Bounded reads of files under the host's /proc, seen from the configured root. Blocking: for pool threads.
#pragma once

#include "core/error.hpp"
#include "core/unique_fd.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace nodescope::host {

/// `path` (absolute) as seen from `root`: "/host" and "/proc/1" give "/host/proc/1", "/" changes nothing.
std::string under_root(std::string_view root, std::string_view path);

/// Opens a directory, close-on-exec. Failures carry "open <path>: <reason>".
result<unique_fd> open_directory(const std::string& path);

struct file_text {
    file_text() = default;
    std::string text;
    bool truncated = false;  ///< the file went on after `limit` bytes
};

/// Reads at most `limit` bytes of the regular or proc file `name` relative to `directory` (AT_FDCWD for a path).
/// `shown` is the path that stands in the sentence: "read /proc/7/cgroup: No such process".
result<file_text> read_file_at(int directory, const std::string& name, std::size_t limit, std::string_view shown);

/// The same from the beginning of an open file.
result<file_text> read_whole(int descriptor, std::size_t limit, std::string_view shown);

/// The same for an absolute path.
result<file_text> read_file(const std::string& path, std::size_t limit);

}  // namespace nodescope::host
