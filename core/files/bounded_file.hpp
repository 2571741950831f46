// Reading a file to its end, but no further than a limit. Blocking: for pool threads.
#pragma once

#include "core/error.hpp"
#include "core/files/root.hpp"
#include "core/unique_fd.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

namespace nodescope::files {

struct file_text {
    file_text() = default;
    std::string text;
    bool truncated = false;  ///< the file went on after `limit` bytes
};

/// Asked before each read; an error ends the reading and is returned.
using read_check = std::function<std::optional<error>()>;

/// Reads at most `limit` bytes from the beginning of an open file. `shown` is the path that stands in the sentence:
/// "read /proc/7/cgroup: No such process". `check` is for files whose length somebody else decides.
result<file_text> read_whole(int descriptor, std::size_t limit, std::string_view shown, const read_check& check = {});

/// The same of the file `name` in `directory`.
result<file_text> read_file_at(int directory, const std::string& name, std::size_t limit, std::string_view shown);

/// The same of a file that the kernel shows in one piece, as /proc/PID/stat, status, cgroup and comm (single_open() in
/// fs/seq_file.c): a read that leaves room has all of it. Not of a table such as net/ipv6_route, of which a read gives
/// as many lines as are whole.
result<file_text> read_piece_at(int directory, const std::string& name, std::size_t limit, std::string_view shown);

/// The same of a regular file of the node, which those of /proc and /sys are; failure::invalid for anything else.
result<file_text> read_file(const place& where, std::size_t limit);

struct regular_file {
    regular_file() = default;
    unique_fd descriptor;
    struct stat status {};
};

/// Opens a regular file of the node, without waiting if it is something else (a pipe). Failures carry "open <path>:
/// <reason>", or are failure::invalid.
result<regular_file> open_regular(const place& where);

/// The same for a file of our own (configuration, keys), which may be named from the working directory.
result<regular_file> open_regular(const std::string& path);

/// failure::denied, with what to do about it, for a file of our own that somebody else can change: its owner is neither
/// root nor this process's user, or its group or everybody may write it (which is also what a right by ACL looks like).
/// Of the opened file, so symbolic links to it are fine.
result<void> check_only_ours(const struct stat& status, std::string_view shown);

/// All of the file or failure::too_large.
result<std::string> read_complete(const regular_file& file, std::size_t limit, std::string_view shown);

}  // namespace nodescope::files
