// Ownership of a file descriptor. A raw int is only ever a parameter.
#pragma once

#include <unistd.h>

#include <utility>

namespace nodescope {

class unique_fd {
public:
    unique_fd() = default;
    explicit unique_fd(int descriptor) noexcept : descriptor_(descriptor) {}
    unique_fd(unique_fd&& other) noexcept : descriptor_(other.release()) {}
    unique_fd& operator=(unique_fd&& other) noexcept
    {
        reset(other.release());
        return *this;
    }
    unique_fd(const unique_fd&) = delete;
    unique_fd& operator=(const unique_fd&) = delete;
    ~unique_fd() { reset(); }

    [[nodiscard]] int get() const noexcept { return descriptor_; }
    [[nodiscard]] explicit operator bool() const noexcept { return descriptor_ >= 0; }
    [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }
    void reset(int descriptor = -1) noexcept
    {
        if (const int old = std::exchange(descriptor_, descriptor); old >= 0) ::close(old);
    }

private:
    int descriptor_ = -1;
};

}  // namespace nodescope
