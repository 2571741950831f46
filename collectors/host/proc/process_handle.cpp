#include "collectors/host/proc/process_handle.hpp"

#include "collectors/host/cgroup/container_cgroup.hpp"
#include "collectors/host/proc/proc_text.hpp"
#include "core/rfc3339.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <chrono>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

// glibc 2.36 forgot to say in the header that these are C functions.
extern "C" {
#include <sys/pidfd.h>
}

namespace nodescope::host {

namespace {

constexpr std::size_t cgroup_limit = 64 * 1024;
constexpr std::size_t stat_limit = 4096;
// /proc/stat has a line per CPU and one with a number per interrupt before btime.
constexpr std::size_t boot_time_limit = 1024 * 1024;
constexpr std::chrono::seconds start_tolerance{2};

// Whether the root's /proc numbers processes as our own system calls do: its "self" is then our own number. It is not
// where the service runs in a process namespace of its own and looks at the node's /proc.
bool counts_as_we_do(const std::string& root)
{
    const auto number = files::read_link({root, "/proc/self"});
    if (!number) return false;
    pid_t self = 0;
    std::from_chars(number->data(), number->data() + number->size(), self);
    return self == ::getpid();
}

bool is_dead_state(char state) { return state == 'Z' || state == 'X' || state == 'x'; }

// The process's start, from its stat and the node's boot time.
result<utc_time> started(const process_handle& process, const std::string& root)
{
    const auto stat_text = process.read("stat", stat_limit);
    if (!stat_text) return stat_text.error();
    const auto stat = parse_process_stat(stat_text->text);
    if (!stat) return stat.error();
    const auto node_text = files::read_file({root, "/proc/stat"}, boot_time_limit);
    if (!node_text) return node_text.error();
    const auto boot = parse_boot_time(node_text->text);
    if (!boot) return boot.error();
    const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    const auto since_boot = std::chrono::milliseconds(stat->start_ticks * 1000 / ticks_per_second);
    return utc_time(std::chrono::seconds(*boot)) + since_boot;
}

}  // namespace

result<process_handle> process_handle::open(const std::string& root, pid_t pid)
{
    const files::place where(root, fmt::format("/proc/{}", pid));
    auto directory = files::open_directory(where);
    if (!directory) {
        if (directory.error().kind() != failure::gone) return directory.error();
        return error(failure::gone, fmt::format("process {}: no {} (it has ended, or it is hidden from this service: "
                                                "hidepid without CAP_SYS_PTRACE, or another process namespace)",
                                                pid, where.shown()));
    }
    unique_fd pidfd;
    if (counts_as_we_do(root)) {
        // Not there before Linux 5.3, and not for a thread's number: then alive() asks /proc.
        pidfd.reset(::pidfd_open(pid, 0));
        if (!pidfd && errno == ESRCH) return error(failure::gone, fmt::format("process {} has ended", pid));
    }
    // The directory was opened first: if its process still exists after pidfd_open, both mean the same one. The kernel
    // finds nothing in the directory of a process that has been reaped.
    // By effective rights: access() otherwise asks as if we had no capabilities (access(2)), and a /proc mounted with
    // hidepid (systemd's ProtectProc=) then says that another user's process does not exist.
    if (::faccessat(directory->get(), "stat", F_OK, AT_EACCESS) != 0) {
        return error(failure::gone, fmt::format("process {} has ended", pid));
    }
    return process_handle(pid, std::move(*directory), std::move(pidfd), where.shown());
}

result<files::file_text> process_handle::read(const char* name, std::size_t limit) const
{
    return files::read_file_at(directory_.get(), name, limit, fmt::format("{}/{}", shown_, name));
}

bool process_handle::alive() const
{
    if (pidfd_) {
        pollfd ended{pidfd_.get(), POLLIN, 0};
        // Readable means dead, from the zombie on.
        return ::poll(&ended, 1, 0) == 0;
    }
    const auto text = read("stat", stat_limit);
    if (!text) return false;
    const auto stat = parse_process_stat(text->text);
    return stat && !is_dead_state(stat->state);
}

std::string shown_container(std::string_view name, std::string_view id)
{
    return fmt::format("{} ({})", escape_untrusted(name, 512), escape_untrusted(id.substr(0, 12)));
}

error container_changed(std::string_view name, std::string_view id, std::string_view why)
{
    return error(failure::conflict, fmt::format("container changed: {}: {}", shown_container(name, id), why));
}

result<bool> belongs_to_container(const process_handle& process, const std::string& root, const container_claim& claim)
{
    const auto cgroup = process.read("cgroup", cgroup_limit);
    if (!cgroup) return cgroup.error();
    cgroup_verdict verdict = container_of_cgroup(cgroup->text, claim.id, {});
    if (verdict == cgroup_verdict::same) return true;
    if (verdict == cgroup_verdict::other) {
        const auto own = files::read_file({root, "/proc/self/cgroup"}, cgroup_limit);
        if (own) verdict = container_of_cgroup(cgroup->text, claim.id, own->text);
    }
    if (verdict == cgroup_verdict::other) {
        return container_changed(claim.name, claim.id,
                                 fmt::format("process {} belongs to another container", process.pid()));
    }

    const auto claimed = parse_rfc3339(claim.started_at);
    if (!claimed) {
        return container_changed(
            claim.name, claim.id,
            fmt::format("process {} is in no container's cgroup, and the runtime names no start time", process.pid()));
    }
    const auto actual = started(process, root);
    if (!actual) return actual.error();
    if (std::chrono::abs(*actual - *claimed) > start_tolerance) {
        return container_changed(claim.name, claim.id,
                                 fmt::format("process {} began at {}, the container at {}", process.pid(),
                                             rfc3339(*actual), rfc3339(*claimed)));
    }
    return false;
}

}  // namespace nodescope::host
