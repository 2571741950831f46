#include "core/process/sandbox.hpp"

#include "core/process/call_filter.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace nodescope {

namespace {

constexpr std::uint64_t may_read = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t may_list = LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t may_execute = LANDLOCK_ACCESS_FS_EXECUTE;
// Everything that the first version of Landlock can forbid.
constexpr std::uint64_t first_rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1;
// Renaming between folders, which the first version always forbids, is in the second; truncate() in the third, and not
// in the headers of Linux 6.1.
constexpr std::uint64_t may_truncate = 1ULL << 14U;
constexpr long version_with_truncate = 3;

long landlock_version() noexcept
{
    return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

void allow_below(const unique_fd& ruleset, const std::string& path, std::uint64_t access)
{
    const unique_fd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    struct stat status {};
    if (!place || ::fstat(place.get(), &status) != 0) return;
    // Only a folder can be listed, and a rule that says otherwise is refused.
    if (!S_ISDIR(status.st_mode)) access &= ~may_list;
    landlock_path_beneath_attr rule{};
    rule.allowed_access = access;
    rule.parent_fd = place.get();
    // A rule that cannot be added makes the sandbox narrower, never wider.
    ::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

unique_fd make_ruleset(const sandbox_rights& rights)
{
    const long version = landlock_version();
    if (version < 1) return {};
    landlock_ruleset_attr handled{};
    handled.handled_access_fs = version < version_with_truncate ? first_rights : first_rights | may_truncate;
    unique_fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)));
    if (!ruleset) return {};
    for (const std::string& folder : rights.folders) allow_below(ruleset, folder, may_read | may_list | may_execute);
    for (const std::string& file : rights.files) allow_below(ruleset, file, may_read | may_list);
    return ruleset;
}

}  // namespace

result<std::shared_ptr<const sandbox>> sandbox::make(const sandbox_rights& rights)
{
    auto filter = make_call_filter();
    if (!filter) return filter.error();
    std::shared_ptr<sandbox> made(new sandbox);
    for (const unsigned capability : rights.capabilities) {
        made->kept_[CAP_TO_INDEX(capability)] |= CAP_TO_MASK(capability);
    }
    made->files_ = make_ruleset(rights);
    made->filter_ = std::move(*filter);
    made->filter_program_ = {static_cast<unsigned short>(made->filter_.size()), made->filter_.data()};
    return std::shared_ptr<const sandbox>(std::move(made));
}

// Raw calls in the child: glibc's setgroups() would act on all threads of the process whose memory it borrows, ours.
[[gnu::no_sanitize_address, gnu::no_sanitize_thread]] const char* sandbox::give_up_rights() const noexcept
{
    // EPERM: CAP_SETGID is missing, as under the unit.
    if (::syscall(SYS_setgroups, 0, nullptr) != 0 && errno != EPERM) return "setgroups";
    if (files_.get() >= 0 && ::syscall(SYS_landlock_restrict_self, files_.get(), 0) != 0) {
        return "landlock_restrict_self";
    }
    return give_up_capabilities();
}

// An exec gives root what it may have at most, but with no-new-privileges no more than it had; and another user
// what is ambient (capabilities(7)).
[[gnu::no_sanitize_address, gnu::no_sanitize_thread]] const char* sandbox::give_up_capabilities() const noexcept
{
    for (unsigned capability = 0; capability < capability_words * 32U; ++capability) {
        if ((kept_[CAP_TO_INDEX(capability)] & CAP_TO_MASK(capability)) != 0) continue;
        // EINVAL: the kernel has no capability of that number.
        if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, capability, 0, 0) != 0 && errno != EINVAL) {
            return "prctl PR_CAP_AMBIENT_LOWER";
        }
    }
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct held[capability_words] = {};
    if (::syscall(SYS_capget, &header, held) != 0) return "capget";
    for (std::size_t word = 0; word < capability_words; ++word) {
        held[word].permitted &= kept_[word];
        held[word].effective = held[word].permitted;
        held[word].inheritable &= kept_[word];
    }
    // The unit's filter refuses the call. What is not ambient ends with the exec all the same, for another user than
    // root.
    if (::syscall(SYS_capset, &header, held) != 0 && ::geteuid() == 0) return "capset";
    return nullptr;
}

[[gnu::no_sanitize_address, gnu::no_sanitize_thread]] const char* sandbox::filter_calls() const noexcept
{
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter_program_, 0, 0) == 0 ? nullptr : "prctl PR_SET_SECCOMP";
}

}  // namespace nodescope
