#include "collectors/host/proc/forwarding_processes.hpp"

#include "collectors/host/node/sys_file.hpp"
#include "collectors/host/proc/proc_text.hpp"
#include "collectors/host/proc/process_walk.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "core/files/root.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>
#include <linux/capability.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nodescope::host {

namespace {

constexpr std::size_t identity_text_limit = 64UL * 1024UL;
/// TASK_COMM_LEN with its newline.
constexpr std::size_t comm_limit = 17;

/// A process may become a runtime by exec() any time after it was made; those that do it late are noticed this much
/// later.
constexpr std::chrono::seconds remembered_for{5};

/// More processes than nodes have. Those beyond are read each time.
constexpr std::size_t remembered_limit = 65'536;

constexpr std::array<std::string_view, 11> runtime_names{"containerd", "dockerd",   "crio",        "podman",
                                                         "kubelet",    "hyperkube", "cri-dockerd", "kubelite",
                                                         "k3s-server", "k3s-agent", "k3s"};
constexpr std::array<std::string_view, 2> forwarder_names{"socat", "nsenter"};

template <class Names>
bool is_one_of(const Names& names, std::string_view name) noexcept
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// With hidepid and without CAP_SYS_PTRACE only processes of our own user are listed. Process 1 may be hidden by other
/// means as well.
bool shows_others(const files::directory& proc, const std::vector<process_entry>& entries)
{
    if (!entries.empty() && entries.front().pid == 1) return true;
    return std::ranges::any_of(entries, [&proc](const process_entry& one) {
        struct stat status {};
        return ::fstatat(proc.descriptor(), std::to_string(one.pid).c_str(), &status, 0) == 0 &&
               status.st_uid != ::geteuid();
    });
}

}  // namespace

std::optional<process_identity> parse_process_identity(std::string_view status)
{
    process_identity found;
    constexpr unsigned wanted = 5;
    unsigned lines = 0;
    for_each_line(status, [&](std::string_view line) {
        const auto row = split_at(line, ':');
        if (!row) return true;
        const auto [key, padded] = *row;
        const std::string_view value = trimmed(padded);
        // No such line where the kernel has no process namespaces.
        if (key == "NSpid") found.outermost = value.find_first_of(" \t") == std::string_view::npos;
        ++lines;
        if (key == "Name") found.name = value;
        else if (key == "Pid") found.pid = whole_number<pid_t>(value).value_or(0);
        else if (key == "PPid") found.parent = whole_number<pid_t>(value).value_or(0);
        else if (key == "Uid") found.user = only_user(value);
        else if (key == "CapEff") {
            const auto rights = whole_number<std::uint64_t>(value, 16).value_or(0);
            found.enters_namespaces = ((rights >> static_cast<unsigned>(CAP_SYS_ADMIN)) & 1U) != 0;
        } else {
            --lines;
        }
        return true;
    });
    if (lines != wanted || found.pid <= 0) return std::nullopt;
    return found;
}

bool is_runtime_name(std::string_view name) noexcept { return is_one_of(runtime_names, name); }

bool is_forwarder_name(std::string_view name) noexcept { return is_one_of(forwarder_names, name); }

std::vector<std::size_t> forwarders_among(const std::vector<process_identity>& all, uid_t user)
{
    std::vector<std::size_t> found;
    std::vector<pid_t> runtimes;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const process_identity& one = all[i];
        if (!is_runtime_name(one.name) || one.user != user || !one.outermost) continue;
        if (user == 0 && !one.enters_namespaces) continue;
        found.push_back(i);  // NOLINT(performance-inefficient-vector-operation): a handful of many
        runtimes.push_back(one.pid);
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        const process_identity& one = all[i];
        if (!is_forwarder_name(one.name) || one.user != user) continue;
        if (std::find(runtimes.begin(), runtimes.end(), one.parent) != runtimes.end()) found.push_back(i);
    }
    return found;
}

result<std::vector<forwarding_process>> forwarding_processes::blocking_find(uid_t user, steady_clock::time_point since,
                                                                            deadline limit,
                                                                            const std::function<bool()>& abandoned)
{
    const std::scoped_lock alone(one_at_a_time_);
    if (!last_ || last_->user != user || last_->began < since) {
        last_.reset();
        auto now = walk(user, limit, abandoned);
        if (!now) return now.error();
        last_ = std::move(*now);
    }
    std::vector<forwarding_process> found;
    found.reserve(last_->found.size());
    for (const process_identity& one : last_->found) {
        unique_fd directory = files::open({root_, fmt::format("/proc/{}", one.pid)}, O_PATH | O_DIRECTORY);
        // Without one it has ended, and its sockets are closed.
        if (directory) found.emplace_back(std::move(directory), one.pid, one.name);
    }
    return found;
}

result<forwarding_processes::look> forwarding_processes::walk(uid_t user, deadline limit,
                                                              const std::function<bool()>& abandoned)
{
    look now;
    now.user = user;
    now.began = steady_clock::now();
    const files::place where(root_, "/proc");
    files::directory proc(files::open(where, O_RDONLY | O_DIRECTORY));
    if (!proc) return from_errno(errno, "open " + where.shown());
    const auto listed = blocking_list_processes(proc, where);
    if (!listed) return listed.error();
    const std::vector<process_entry>& entries = *listed;
    if (!shows_others(proc, entries)) {
        return error(failure::denied,
                     fmt::format("{} hides the processes of other users from this service (hidepid)", where.shown()));
    }
    std::vector<process_identity> named;
    std::vector<bystander> kept;
    kept.reserve(std::min(entries.size(), remembered_limit));
    auto known = bystanders_.cbegin();
    for (const process_entry& seen : entries) {
        if (abandoned() || limit.passed()) {
            return error(failure::timed_out, fmt::format("{} processes are too many to look at in {}", entries.size(),
                                                         duration_text(limit.limit())));
        }
        while (known != bystanders_.cend() && known->pid < seen.pid) ++known;
        bystander one{seen.pid, seen.entry, now.began, {}, {}};
        if (known != bystanders_.cend() && known->pid == seen.pid && known->entry == seen.entry) one = *known;
        if (auto identity = read_bystander(proc.descriptor(), user, one)) named.push_back(std::move(*identity));
        else if (kept.size() < remembered_limit) kept.push_back(one);
    }
    bystanders_ = std::move(kept);
    const auto places = forwarders_among(named, user);
    now.found.reserve(places.size());
    for (const std::size_t at : places) now.found.push_back(std::move(named[at]));
    return now;
}

/// Who it is when it may connect for others; nothing when it is a mere bystander.
std::optional<process_identity> forwarding_processes::read_bystander(int proc, uid_t user, bystander& one)
{
    const auto now = steady_clock::now();
    const bool known = one.read_at - one.first_seen >= remembered_for && now - one.read_at < remembered_for;
    if (known && one.lookalike_of != user) return std::nullopt;
    one.read_at = now;
    one.lookalike_of.reset();
    std::array<char, comm_limit> text{};
    const std::string folder = std::to_string(one.pid);
    const unique_fd file(::openat(proc, (folder + "/comm").c_str(), O_RDONLY | O_CLOEXEC));
    const ssize_t length = file ? ::read(file.get(), text.data(), text.size()) : -1;
    if (length < 0) return std::nullopt;  // it has ended, and its sockets are closed
    const std::string_view name = trimmed({text.data(), static_cast<std::size_t>(length)});
    if (!is_runtime_name(name) && !is_forwarder_name(name)) return std::nullopt;

    // By the owner of the directory, which is root for some others' too: cheaper than its status, of which a user
    // could make us read thousands.
    struct stat directory {};
    if (::fstatat(proc, folder.c_str(), &directory, 0) != 0) return std::nullopt;
    one.lookalike_of = directory.st_uid;
    if (directory.st_uid != user && directory.st_uid != 0) return std::nullopt;
    const auto status = files::read_piece_at(proc, folder + "/status", identity_text_limit, folder);
    auto identity = status ? parse_process_identity(status->text) : std::nullopt;
    one.lookalike_of = identity ? identity->user : std::nullopt;
    if (!identity || identity->user != user) return std::nullopt;
    return identity;
}

}  // namespace nodescope::host
