// What a file of the node is, and whether it has changed, without opening it. Blocking: for pool threads.
#pragma once

#include "core/files/root.hpp"

#include <optional>

#include <sys/stat.h>

namespace nodescope::files {

/// Of what is there, links followed: below a root other than "/" as open() follows them, so those that the kernel makes
/// up lead nowhere. Empty on failure, with errno set.
std::optional<struct stat> status_of(const place& where);

/// Two of one path are equal as long as nobody has changed the file, or put another in its place.
class file_version {
public:
    /// Of what is no regular file, or is not there.
    file_version() = default;
    explicit file_version(const struct stat& status);
    explicit file_version(const std::optional<struct stat>& status);
    bool operator==(const file_version&) const = default;

private:
    bool regular_ = false;
    dev_t device_ = 0;
    ino_t inode_ = 0;
    off_t size_ = 0;
    // When its bytes and when its inode changed last.
    time_t modified_ = 0;
    long modified_ns_ = 0;
    time_t changed_ = 0;
    long changed_ns_ = 0;
};

}  // namespace nodescope::files
