// What one cgroup used and may use, read from its files: cgroup v1 and v2. Blocking: for pool threads. Turning rates,
// masks and zeros into what an answer shows is the sampler's.
#pragma once

#include "collectors/host/cgroup/cgroup_files.hpp"
#include "collectors/host/usage.hpp"
#include "core/error.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::host {

/// One measurement. A group is absent when the cgroup is in no hierarchy of that controller or none of its files can
/// be read; a single file that is missing leaves its figures 0.
struct cgroup_figures {
    bool operator==(const cgroup_figures&) const = default;
    std::optional<cpu_usage> cpu;
    std::optional<memory_usage> memory;
    std::optional<io_usage> io;
    /// threads_current and threads_max.
    std::optional<process_usage> processes;
    /// Where the kernel accounts for them, and v2 is mounted, be it beside v1.
    std::optional<host::pressures> pressures;
};

/// Out-of-memory kills that the kernel has counted in a cgroup.
struct oom_kill_counts {
    bool operator==(const oom_kill_counts&) const = default;
    bool counted = true;     ///< false: this kernel does not (before Linux 4.13), and the others are 0
    std::uint64_t all = 0;   ///< v2: also in the cgroups below it, removed ones among them
    std::uint64_t here = 0;  ///< in the cgroup itself; before Linux 5.2 on v2 the same as `all`
};

/// One cgroup, opened once and read again and again. One thread at a time, any thread.
class cgroup_reader {
public:
    /// `path` as cgroup_set has it. failure::gone when no hierarchy has that cgroup, failure::invalid when it is no
    /// path below the mount. Blocking.
    static result<cgroup_reader> blocking_open(std::shared_ptr<cgroup_tree> tree, std::string_view path);

    [[nodiscard]] const std::string& path() const noexcept { return files_.path(); }

    /// Measures. failure::gone once the cgroup is removed, also when one of the same name was made since: that one
    /// needs a reader of its own. Blocking, 20 to 70 us.
    result<cgroup_figures> blocking_read();

    /// None where there is no counter (the root of v2, a cgroup without the memory controller), or the cgroup is
    /// removed. Blocking.
    std::optional<oom_kill_counts> blocking_oom_kills();

    /// What it may use, as of the tree's last blocking_begin_pass(): read again where it was written since, where its
    /// files cannot be watched, and after limits_lifetime; for "/" memory_limit and swap_limit are MemTotal and
    /// SwapTotal of /proc/meminfo. A memory limit of 0 and an empty mask mean the machine's. failure::gone as above.
    /// Blocking.
    [[nodiscard]] result<cgroup_limits> blocking_limits();

    /// The processes in the cgroup itself, not in those below it; as numbers of the process namespace of our /proc.
    /// At most `limit`, in the kernel's order. Blocking.
    [[nodiscard]] result<std::vector<pid_t>> blocking_processes(std::size_t limit = process_limit) const;

    static constexpr std::size_t process_limit = 32'768;
    /// For what is written without a notice: io_submit(2) gives none (seen with Linux 6.18).
    static constexpr std::chrono::minutes limits_lifetime{5};

private:
    explicit cgroup_reader(cgroup_files opened) : files_(std::move(opened)) {}
    [[nodiscard]] bool unified() const noexcept { return files_.layout().version == cgroup_version::v2; }
    [[nodiscard]] error gone() const;
    [[nodiscard]] bool knows_limits() const;
    void read_limits();

    cgroup_files files_;
    bool hierarchical_ = true;  // v1: memory.use_hierarchy
    std::unique_ptr<watched_limits> watched_;
    cgroup_limits limits_;  // as of limits_read_
    steady_clock::time_point limits_read_{};
};

}  // namespace nodescope::host
