// The rights a child process is left with before its program starts. Made once, in us; entered by the child, which by
// then may only make system calls (child_process.cpp).
#pragma once

#include "core/error.hpp"
#include "core/unique_fd.hpp"

#include <linux/capability.h>
#include <linux/filter.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nodescope {

/// What a program keeps of our rights.
struct sandbox_rights {
    std::vector<unsigned> capabilities;  ///< CAP_*, as far as we have them; all others are given up
    std::vector<std::string> folders;    ///< what is in them may be read and executed; nothing may be written
    std::vector<std::string> files;      ///< and these may be read, or what is in them
};

class sandbox {
public:
    /// Paths that do not exist are left out. Where the kernel has no Landlock (before 5.13) every file can be read that
    /// the user of the process may read; all else holds. failure::internal when the filter of system calls cannot be
    /// made.
    static result<std::shared_ptr<const sandbox>> make(const sandbox_rights& rights);

    /// To be called in the child, with no-new-privileges set: supplementary groups (where we have CAP_SETGID; else
    /// Landlock keeps what they open closed), files, capabilities. Descriptors above 2 are still open.
    /// Nothing, or the step that failed, with errno.
    [[nodiscard]] const char* give_up_rights() const noexcept;
    /// To be called in the child, right before the exec: it is one of the few calls that are allowed afterwards.
    [[nodiscard]] const char* filter_calls() const noexcept;

private:
    static constexpr std::size_t capability_words = 2;  // _LINUX_CAPABILITY_U32S_3

    sandbox() = default;
    [[nodiscard]] const char* give_up_capabilities() const noexcept;

    std::uint32_t kept_[capability_words] = {};
    unique_fd files_;  // a Landlock ruleset, or nothing
    std::vector<sock_filter> filter_;
    sock_fprog filter_program_{};
};

}  // namespace nodescope
