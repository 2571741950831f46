#include "collectors/host/proc/process_handle.hpp"

#include "collectors/host/cgroup/cgroup_maker.hpp"
#include "collectors/host/cgroup/container_cgroup.hpp"
#include "collectors/host/cgroup/container_choice.hpp"
#include "collectors/host/proc/proc_text.hpp"
#include "collectors/host/proc/process_walk.hpp"
#include "core/deadline.hpp"
#include "core/files/directory.hpp"
#include "core/rfc3339.hpp"
#include "core/text.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

// The header of glibc 2.36 does not say that these are C functions.
extern "C" {
#include <sys/pidfd.h>
}

namespace nodescope::host {

namespace {

constexpr std::size_t cgroup_limit = 64 * 1024;
constexpr std::size_t stat_limit = 4096;
/// Of a process whose first thread has ended: the first that lives will do.
constexpr int threads_looked_at = 256;
constexpr std::chrono::seconds start_tolerance{2};
// 8,000 cgroups take 0.2 s.
constexpr std::chrono::seconds walk_limit{1};

// Whether the root's /proc numbers processes as our own system calls do: its "self" is then our own number. It is not
// where the service runs in a process namespace of its own and looks at the node's /proc.
bool counts_as_we_do(const std::string& root)
{
    const auto number = files::read_link({root, "/proc/self"});
    return number && whole_number<pid_t>(*number) == ::getpid();
}

bool is_dead_state(char state) { return state == 'Z' || state == 'X' || state == 'x'; }

bool has_network(int directory)
{
    struct stat status {};
    return ::fstatat(directory, "ns/net", &status, 0) == 0 || errno != ENOENT;
}

result<process_stat> parsed_stat(const process_handle& process)
{
    const auto text = process.read_stat();
    if (!text) return text.error();
    return parse_process_stat(text->text);
}

// The process's start, from its stat and the node's boot time.
result<utc_time> started(const process_handle& process, const std::string& root)
{
    const auto stat = parsed_stat(process);
    if (!stat) return stat.error();
    const auto boot = blocking_read_boot_time(root);
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
    process_handle opened(pid, std::move(*directory), std::move(pidfd), where.shown());
    if (!has_network(opened.directory())) opened.hold_living_thread();
    return opened;
}

void process_handle::hold_living_thread()
{
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    files::directory threads(unique_fd(::openat(directory_.get(), "task", flags)));
    if (!threads) return;
    int looked_at = 0;
    while (const dirent* const entry = threads.next()) {
        if (entry->d_name[0] == '.' || ++looked_at > threads_looked_at) continue;
        unique_fd thread(::openat(threads.descriptor(), entry->d_name, flags));
        if (!thread || !has_network(thread.get())) continue;
        first_thread_ = std::exchange(directory_, std::move(thread));
        return;
    }
}

result<files::file_text> process_handle::read(const char* name, std::size_t limit) const
{
    return files::read_piece_at(directory_.get(), name, limit, fmt::format("{}/{}", shown_, name));
}

result<files::file_text> process_handle::read_stat() const
{
    return files::read_piece_at(whole_process(), "stat", stat_limit, fmt::format("{}/stat", shown_));
}

result<std::uint64_t> process_handle::start_ticks() const
{
    const auto stat = parsed_stat(*this);
    if (!stat) return stat.error();
    return stat->start_ticks;
}

bool process_handle::alive() const
{
    if (pidfd_) {
        pollfd ended{pidfd_.get(), POLLIN, 0};
        // Readable means dead, from the zombie on.
        return ::poll(&ended, 1, 0) == 0;
    }
    const auto stat = parsed_stat(*this);
    return stat && (!is_dead_state(stat->state) || stat->threads > 1);
}

std::string shown_container(std::string_view name, std::string_view id)
{
    if (name.empty()) return escape_untrusted(id.substr(0, 12));
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
    cgroup_match match = container_of_cgroup(cgroup->text, claim.id, {});
    if (match == cgroup_match::other) {
        const auto own = files::read_file({root, "/proc/self/cgroup"}, cgroup_limit);
        if (own) match = container_of_cgroup(cgroup->text, claim.id, own->text);
    }
    const bool named = match == cgroup_match::same;
    const std::string path = named ? container_path(cgroup->text, claim.id) : std::string();
    if (blocking_maker_of(root, path) == cgroup_maker::root) return true;
    const auto changed = [&](std::string_view why) {
        return container_changed(claim.name, claim.id, fmt::format("process {} {}", process.pid(), why));
    };
    if (match == cgroup_match::other) return changed("belongs to another container");

    if (named && claim.by_name_alone) return false;
    const auto claimed = parse_rfc3339(claim.started_at);
    const auto actual = started(process, root);
    if (named) {
        // Who has the number later began later, and who had it when the container began is the container's process.
        if (claimed && actual && *actual <= *claimed + start_tolerance) return true;
        const bool of_another_namespace = path.starts_with("/..");
        if (of_another_namespace && blocking_only_root_made(root, claim.id, deadline::in(walk_limit))) return true;
    }
    const std::string_view place =
        named ? "is in a cgroup that has only the container's id in its name" : "is in no container's cgroup";
    if (!claimed) return changed(fmt::format("{}, and the runtime names no start time", place));
    if (!actual) return actual.error();
    if (!named && std::chrono::abs(*actual - *claimed) <= start_tolerance) return false;
    return changed(fmt::format("{}began at {}, the container at {}", named ? fmt::format("{}, and ", place) : "",
                               rfc3339(*actual), rfc3339(*claimed)));
}

bool is_container_in_the_making(const process_handle& process, const std::string& root)
{
    const auto its = parsed_stat(process);
    if (!its) return false;
    if (its->comm.starts_with("runc:[")) return true;
    const auto parent = process_handle::open(root, its->parent);
    if (!parent) return false;
    const auto maker = parsed_stat(*parent);
    struct stat own {};
    struct stat outer {};
    const bool seen = ::fstatat(process.directory(), "ns/mnt", &own, 0) == 0 &&
                      ::fstatat(parent->directory(), "ns/mnt", &outer, 0) == 0;
    if (!seen || own.st_dev != outer.st_dev || own.st_ino != outer.st_ino) return false;
    const auto is_runtime = [](std::string_view comm) {
        return comm == "runc" || comm == "crun" || comm == "youki" || comm == "docker-runc";
    };
    return is_runtime(its->comm) || (maker && is_runtime(maker->comm));
}

}  // namespace nodescope::host
