// One process of the node, held so that a reused process number cannot be mistaken for it.
// Blocking: for pool threads.
#pragma once

#include "core/error.hpp"
#include "core/files/bounded_file.hpp"
#include "core/unique_fd.hpp"

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace nodescope::host {

/// Holds /proc/PID as a directory, and a pidfd where the kernel has them and the root's /proc counts processes as we
/// do. Everything is read relative to that directory: once the process has ended such reads fail with ESRCH, whoever
/// has its number then. A process whose first thread has ended (pthread_exit() in main) lives on in the others, but
/// that thread has no namespaces any more and, on cgroup v1, no cgroup: then one of the others is held beside it.
class process_handle {
public:
    /// failure::gone when there is no such process under <root>/proc (or hidepid hides it from us).
    static result<process_handle> open(const std::string& root, pid_t pid);

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// /proc/PID, for openat; /proc/PID/task/TID of a thread that lives where the first one has ended.
    [[nodiscard]] int directory() const noexcept { return directory_.get(); }
    /// The same, to be held without the handle.
    [[nodiscard]] unique_fd take_directory() noexcept { return std::move(directory_); }
    /// It as it is seen from the root, for sentences.
    [[nodiscard]] const std::string& shown() const noexcept { return shown_; }
    /// -1 where there is none.
    [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }

    /// The file `name` of the process, e.g. "cgroup": one of those that the kernel shows in one piece (read_piece_at).
    [[nodiscard]] result<files::file_text> read(const char* name, std::size_t limit) const;
    /// Its `stat`, which is about the whole process whichever thread is held.
    [[nodiscard]] result<files::file_text> read_stat() const;

    /// When it began, in ticks since boot: with the number, this tells a process from all others.
    [[nodiscard]] result<std::uint64_t> start_ticks() const;

    /// Whether its first thread has ended and others live: directory() is that of one of them.
    [[nodiscard]] bool lost_first_thread() const noexcept { return static_cast<bool>(first_thread_); }

    /// False once the process has ended, zombies included: what was opened before may have been another's.
    [[nodiscard]] bool alive() const;

private:
    process_handle(pid_t pid, unique_fd directory, unique_fd pidfd, std::string shown)
        : pid_(pid), directory_(std::move(directory)), pidfd_(std::move(pidfd)), shown_(std::move(shown))
    {
    }
    void hold_living_thread();
    [[nodiscard]] int whole_process() const noexcept { return first_thread_ ? first_thread_.get() : directory_.get(); }

    pid_t pid_;
    unique_fd directory_;
    unique_fd first_thread_;  // /proc/PID where directory_ is that of another thread
    unique_fd pidfd_;
    std::string shown_;
};

/// What a container runtime says about the process it started.
struct container_claim {
    container_claim(std::string i, std::string n, std::string s)
        : id(std::move(i)), name(std::move(n)), started_at(std::move(s))
    {
    }
    std::string id;          ///< full
    std::string name;        ///< stands in sentences
    std::string started_at;  ///< RFC 3339; empty when unknown
    /// It was found by the name of its cgroup, which somebody else than root can have made, and nobody says more.
    bool by_name_alone = false;
};

/// "web (0123456789ab)": how sentences name a container; the id alone without a name.
std::string shown_container(std::string_view name, std::string_view id);

/// "process 7 does not belong to container web (…)" and the like: failure::conflict, "container changed: …".
error container_changed(std::string_view name, std::string_view id, std::string_view why);

/// Whether `process` is the container's: true when its cgroup has the container's id and only root can have made it, or
/// (a rootless engine's, in a subtree that is a user's) the process began no later than the container. False when the
/// runtime keeps no cgroup and the start times agree within two seconds, or when the claim is by_name_alone and the
/// name is right (which proves less). failure::conflict
/// "container changed: …" when it is another's, failure::gone when it has ended.
result<bool> belongs_to_container(const process_handle& process, const std::string& root, const container_claim& claim);

/// Whether a process in a container's cgroup is one by which a low-level runtime (runc, crun, youki) makes the
/// container: it calls itself a stage of runc's ("runc:[1:CHILD]"), or it or its parent is such a runtime and both have
/// the same mounts, which no container shares with what made it. It may not be the process that becomes the container's
/// first, and may still be in the namespaces of the node.
bool is_container_in_the_making(const process_handle& process, const std::string& root);

}  // namespace nodescope::host
