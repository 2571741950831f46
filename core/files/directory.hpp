// Reading the entries of a directory. Blocking: for pool threads.
#pragma once

#include "core/unique_fd.hpp"

#include <memory>

#include <dirent.h>

namespace nodescope::files {

class directory {
public:
    directory() = default;
    /// Takes over the descriptor of a directory opened for reading. Empty, with errno set, when it is not a directory.
    explicit directory(unique_fd opened);

    explicit operator bool() const noexcept { return stream_ != nullptr; }
    /// For openat and the like.
    [[nodiscard]] int descriptor() const noexcept { return ::dirfd(stream_.get()); }
    /// The next entry that is neither "." nor "..", valid until the next call; nullptr at the end.
    const dirent* next();
    /// The errno with which reading ended; 0 when it came to the end.
    [[nodiscard]] int failure() const noexcept { return failure_; }

private:
    struct closer {
        void operator()(DIR* stream) const noexcept { ::closedir(stream); }
    };
    std::unique_ptr<DIR, closer> stream_;
    int failure_ = 0;
};

}  // namespace nodescope::files
