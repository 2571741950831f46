// One process of the node, held so that a reused process number cannot be mistaken for it.
// Blocking: for pool threads.
#pragma once

#include "core/error.hpp"
#include "core/files/bounded_file.hpp"
#include "core/unique_fd.hpp"

#include <sys/types.h>

#include <string>
#include <string_view>

namespace nodescope::host {

/// Holds /proc/PID as a directory, and a pidfd where the kernel has them and the root's /proc counts processes as we
/// do. Everything is read relative to that directory: once the process has ended such reads fail with ESRCH, whoever
/// has its number then.
class process_handle {
public:
    /// failure::gone when there is no such process under <root>/proc (or hidepid hides it from us).
    static result<process_handle> open(const std::string& root, pid_t pid);

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// /proc/PID, for openat.
    [[nodiscard]] int directory() const noexcept { return directory_.get(); }
    [[nodiscard]] const unique_fd& directory_descriptor() const noexcept { return directory_; }
    /// -1 where there is none.
    [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }

    /// The file `name` of the process, e.g. "cgroup".
    [[nodiscard]] result<files::file_text> read(const char* name, std::size_t limit) const;

    /// False once the process has ended, zombies included: what was opened before may have been another's.
    [[nodiscard]] bool alive() const;

private:
    process_handle(pid_t pid, unique_fd directory, unique_fd pidfd, std::string shown)
        : pid_(pid), directory_(std::move(directory)), pidfd_(std::move(pidfd)), shown_(std::move(shown))
    {
    }
    pid_t pid_;
    unique_fd directory_;
    unique_fd pidfd_;
    std::string shown_;  // "/proc/7" as seen from the root, for sentences
};

/// What a container runtime says about the process it started.
struct container_claim {
    container_claim(std::string i, std::string n, std::string s)
        : id(std::move(i)), name(std::move(n)), started_at(std::move(s))
    {
    }
    std::string id;          ///< full, 64 hex digits
    std::string name;        ///< stands in sentences
    std::string started_at;  ///< RFC 3339; empty when unknown
};

/// "web (0123456789ab)": how sentences name a container.
std::string shown_container(std::string_view name, std::string_view id);

/// "process 7 does not belong to container web (…)" and the like: failure::conflict, "container changed: …".
error container_changed(std::string_view name, std::string_view id, std::string_view why);

/// Whether `process` is the container's: true when its cgroup proves it, false when the runtime keeps no cgroup and
/// the start times agree within two seconds (which proves less). failure::conflict "container changed: …" when it is
/// another's, failure::gone when it has ended.
result<bool> belongs_to_container(const process_handle& process, const std::string& root, const container_claim& claim);

}  // namespace nodescope::host
