// Whether the limits of cgroups are still what was read: the kernel gives notice of each write to a file of a directory
// that is watched (inotify), and little else changes them. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/unique_fd.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace nodescope::host {

class limit_watch;

/// Of one cgroup: its directories are watched for as long as this is there. Any thread.
class watched_limits {
public:
    explicit watched_limits(limit_watch& by) noexcept : by_(by) {}
    watched_limits(const watched_limits&) = delete;
    watched_limits& operator=(const watched_limits&) = delete;
    ~watched_limits();

    /// Whether limits may have been written since expect_news(), as of the last look.
    [[nodiscard]] bool has_news() const noexcept { return news_ || over_; }
    /// Whether one of the directories was removed: the others are watched in vain.
    [[nodiscard]] bool is_over() const noexcept { return over_; }
    /// To be called before they are read.
    void expect_news() noexcept { news_ = false; }

private:
    friend class limit_watch;
    limit_watch& by_;
    std::atomic<bool> news_ = false;
    std::atomic<bool> over_ = false;
    std::vector<int> numbers_;
};

/// Outlives what it gives. Any thread.
class limit_watch {
public:
    /// Without inotify (no descriptors left) nothing can be watched.
    limit_watch();
    limit_watch(const limit_watch&) = delete;
    limit_watch& operator=(const limit_watch&) = delete;

    /// Takes note of what was written until now.
    void blocking_look();
    /// Watches the directories of a cgroup, and the one above it (may be empty) for the controllers it hands down: a
    /// controller that comes back begins with its defaults. Null where one of them cannot be watched, or there are too
    /// many watches already.
    [[nodiscard]] std::unique_ptr<watched_limits> blocking_watch(const std::vector<std::string>& directories,
                                                                 const std::string& above);

    /// Leaves most of the 8,192 that a small node has for a user to what finds cgroups. Each takes about 1 KiB of the
    /// kernel's memory, with the inode that it keeps there.
    static constexpr std::size_t watches_limit = 3072;
    /// How long nothing more is tried once the kernel has no watches left.
    static constexpr std::chrono::seconds rest{60};

private:
    friend class watched_limits;
    struct watch {
        watched_limits* of = nullptr;
        bool is_above = false;  // of the directory above the cgroup
    };
    void note(int number, std::string_view file);
    void note_end(int number);
    void note_all();
    bool add(watched_limits& to, const std::string& directory, bool is_above);
    void forget(const watched_limits& gone);

    unique_fd inotify_;
    std::mutex busy_;
    std::unordered_multimap<int, watch> watches_;  // by the kernel's number
    steady_clock::time_point rests_until_{};
};

}  // namespace nodescope::host
