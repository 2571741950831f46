// The processes of the node that connect for others: through the container runtime (or, with older ones, a program that
// it or the kubelet starts), `kubectl port-forward` reaches the node's loopback addresses. Blocking: for pool threads.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/unique_fd.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::host {

/// What /proc/PID/status says of who a process is.
struct process_identity {
    process_identity() = default;
    std::string name;  ///< 15 bytes at most
    pid_t pid = 0;
    pid_t parent = 0;
    std::optional<uid_t> user;       ///< real, effective, saved and for files, where all are the same
    bool outermost = true;           ///< in the process namespace that this /proc shows, and not in one below
    bool enters_namespaces = false;  ///< CAP_SYS_ADMIN, without which no runtime works
};
/// Nothing when a line is missing. Pure.
std::optional<process_identity> parse_process_identity(std::string_view status);

/// Whether a runtime or a kubelet is called like that.
bool is_runtime_name(std::string_view name) noexcept;
/// Whether these start such a program for a single connection.
bool is_forwarder_name(std::string_view name) noexcept;

/// Which of `all` connect for others as `user`: those with a runtime's name, and forwarders whose parent is one of
/// them. Anybody can give a process any name, so a process stands for sockets of its own user alone, and must be in no
/// process namespace of a container; one of root must be able to enter namespaces. Gives their places in `all`. Pure.
std::vector<std::size_t> forwarders_among(const std::vector<process_identity>& all, uid_t user);

struct forwarding_process {
    forwarding_process(unique_fd d, pid_t p, std::string n) : directory(std::move(d)), pid(p), name(std::move(n)) {}
    unique_fd directory;  ///< /proc/PID, for openat
    pid_t pid;
    std::string name;
};

/// Looks for them each time it is asked, and remembers which processes are something else, because most are and need
/// not be read again. May be used by several threads.
class forwarding_processes {
public:
    explicit forwarding_processes(std::string root) : root_(std::move(root)) {}

    /// All that connect for others as `user` and run now, or did at a moment after `since`: what has come together may
    /// share one look. failure::denied when /proc hides the processes of others, failure::timed_out.
    result<std::vector<forwarding_process>> blocking_find(uid_t user, steady_clock::time_point since, deadline limit,
                                                          const std::function<bool()>& abandoned);

private:
    struct bystander {
        pid_t pid;
        ino_t entry;  // of its directory: another process with this number gets another
        steady_clock::time_point first_seen;
        steady_clock::time_point read_at;
        std::optional<uid_t> lookalike_of;  // it has such a name, and is this user's
    };
    struct look {
        uid_t user = 0;
        steady_clock::time_point began;
        std::vector<process_identity> found;
    };
    [[nodiscard]] result<look> walk(uid_t user, deadline limit, const std::function<bool()>& abandoned);
    [[nodiscard]] static std::optional<process_identity> read_bystander(int proc, uid_t user, bystander& one);

    const std::string root_;
    std::mutex one_at_a_time_;
    std::vector<bystander> bystanders_;  // by number
    std::optional<look> last_;
};

}  // namespace nodescope::host
