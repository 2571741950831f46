// Reading a file to its end, but no further than a limit. Blocking: for pool threads.
#pragma once

#include "core/error.hpp"
#include "core/files/root.hpp"
#include "core/unique_fd.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include <sys/stat.h>

namespace nodescope::files {

struct file_text {
    file_text() = default;
    std::string text;
    bool truncated = false;  ///< the file went on after `limit` bytes
};

/// Reads at most `limit` bytes from the beginning of an open file. `shown` is the path that stands in the sentence:
/// "read /proc/7/cgroup: No such process".
result<file_text> read_whole(int descriptor, std::size_t limit, std::string_view shown);

/// The same of the file `name` in `directory`.
result<file_text> read_file_at(int directory, const std::string& name, std::size_t limit, std::string_view shown);

/// The same of a regular file of the node, which those of /proc and /sys are; failure::invalid for anything else.
result<file_text> read_file(const place& where, std::size_t limit);

struct regular_file {
    regular_file() = default;
    unique_fd descriptor;
    struct stat status {};
};

/// Opens a regular file of the node, without waiting for whatever else may be there. Failures carry "open <path>:
/// <reason>", or are failure::invalid.
result<regular_file> open_regular(const place& where);

/// The same for a file of our own (configuration, keys), which may be named from the working directory.
result<regular_file> open_regular(const std::string& path);

/// All of the file or failure::too_large.
result<std::string> read_complete(const regular_file& file, std::size_t limit, std::string_view shown);

}  // namespace nodescope::files
