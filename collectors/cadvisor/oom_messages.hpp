// Out-of-memory kills, read off the kernel's log. Pure; the bytes are the kernel's, but the process names in them are
// anybody's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nodescope::cadvisor {

/// One read of /dev/kmsg (Documentation/ABI/testing/dev-kmsg): "<prefix>,<number>,<microseconds>,<flags>;<text>\n",
/// then lines of properties. Views point into the record.
struct kernel_message {
    std::chrono::microseconds since_boot{0};
    std::string_view text;
};

/// Nothing for what is no record, and for what a program wrote there: the facility of the kernel is 0.
std::optional<kernel_message> parse_kernel_message(std::string_view record) noexcept;

/// A process that the kernel killed because memory ran out.
struct oom_kill {
    bool operator==(const oom_kill&) const = default;
    std::chrono::microseconds since_boot{0};
    std::string limit_cgroup = "/";   ///< whose limit was hit
    std::string victim_cgroup = "/";  ///< where the killed process was
    std::string constraint;           ///< CONSTRAINT_MEMCG, …; empty on kernels before 5.0
    std::string process_name;
    std::int64_t pid = 0;
};

/// Puts the lines of one kill together. Any number of lines may come between. "Killed process" is the kill: the kernel
/// has counted it by then, and limits the rate of the lines before it. Without them the cgroups are "/".
class oom_parser {
public:
    /// The kill that `message` tells. Names of cgroups stand unquoted in the kernel's text, and a user who may make
    /// cgroups can give them names with the words of that text in them: a kill whose cgroups can be read in several
    /// ways is nobody's, and counted.
    std::optional<oom_kill> take(const kernel_message& message);
    [[nodiscard]] std::uint64_t unclear() const noexcept { return unclear_; }

private:
    /// What `record_` is about.
    enum class subject { next_kill, last_kill, group, nobody };

    std::uint64_t unclear_ = 0;
    subject about_ = subject::last_kill;
    oom_kill record_;
};

}  // namespace nodescope::cadvisor
