#include "collectors/cadvisor/process_table.hpp"

#include "collectors/host/cgroup/cgroup_layout.hpp"
#include "collectors/host/cgroup/cgroup_walk.hpp"
#include "collectors/host/cgroup/container_cgroup.hpp"
#include "collectors/host/cgroup/container_search.hpp"
#include "collectors/host/node/node_texts.hpp"
#include "collectors/host/node/sys_file.hpp"
#include "collectors/host/proc/proc_text.hpp"
#include "collectors/host/proc/process_walk.hpp"
#include "collectors/host/proc/ps_text.hpp"
#include "core/byte_budget.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "core/json/writer.hpp"
#include "core/text_scan.hpp"

#include <ctime>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace nodescope::cadvisor {

namespace {

constexpr std::size_t stat_limit = 4096;
constexpr std::size_t text_limit = 64UL * 1024UL;
/// A node whose users are all in its file has some hundreds.
constexpr std::size_t passwd_limit = 1024UL * 1024UL;

/// A process may have millions.
constexpr std::size_t descriptors_between_stops = 1024;

/// What all rows of a table are worked out from.
struct table_basis {
    std::map<uid_t, std::string> users;
    std::uint64_t memory = 0;
    host::node_clock clock;
    std::time_t now = 0;
};

result<table_basis> read_basis(const std::string& root)
{
    table_basis basis;
    const auto clock = host::blocking_read_clock(root);
    if (!clock) return clock.error();
    basis.clock = *clock;
    basis.now = std::time(nullptr);
    // Without them there are numbers and 0 %, which is more than no answer.
    if (const auto passwd = files::read_file({root, "/etc/passwd"}, passwd_limit)) {
        basis.users = host::parse_user_names(passwd->text);
    }
    basis.memory = host::parse_meminfo(host::blocking_read_meminfo(root), "MemTotal");
    return basis;
}

/// Nothing when the descriptors may not be looked at, the process is gone, or `stop` says so.
std::optional<std::size_t> count_descriptors(int process, const std::function<bool()>& stop)
{
    unique_fd directory(::openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return std::nullopt;
    // Since Linux 6.2 (proc: report open files as size in stat() for /proc/pid/fd) this is all it takes.
    struct stat described {};
    if (::fstat(directory.get(), &described) == 0 && described.st_size > 0) {
        return static_cast<std::size_t>(described.st_size);
    }
    files::directory entries(std::move(directory));
    if (!entries) return std::nullopt;
    std::size_t count = 0;
    while (entries.next() != nullptr) {
        if (++count % descriptors_between_stops == 0 && stop()) return std::nullopt;
    }
    return count;
}

std::string user_of(const table_basis& basis, const host::process_status& status)
{
    if (!status.effective_user) return "?";
    const auto known = basis.users.find(*status.effective_user);
    return host::ps_user(known == basis.users.end() ? std::to_string(*status.effective_user) : known->second);
}

float percent(std::uint64_t permille) { return static_cast<float>(permille) / 10.0F; }

std::optional<process_row> read_row(const host::walked_process& at, const table_basis& basis,
                                    const std::function<bool()>& stop)
{
    const auto stat_text = files::read_piece_at(at.directory, "stat", stat_limit, at.name);
    const auto status_text = files::read_piece_at(at.directory, "status", text_limit, at.name);
    if (!stat_text || !status_text) return std::nullopt;
    const auto stat = host::parse_process_stat(stat_text->text);
    const auto status = host::parse_process_status(status_text->text);
    if (!stat || !status) return std::nullopt;

    const host::node_clock& clock = basis.clock;
    const std::uint64_t used = stat->user_ticks + stat->system_ticks;
    // Unsigned, where a clock beyond reason wraps around.
    const auto started = static_cast<std::time_t>(static_cast<std::uint64_t>(clock.boot_seconds) +
                                                  stat->start_ticks / clock.ticks_per_second);
    std::optional<process_row> row(std::in_place);
    row->user = user_of(basis, *status);
    row->pid = stat->pid;
    row->parent = stat->parent;
    row->start_time = host::ps_start_time(started, basis.now);
    row->percent_cpu =
        percent(host::ps_cpu_permille(used, clock.ticks_per_second, clock.age_seconds(stat->start_ticks)));
    row->percent_memory = percent(host::ps_memory_permille(status->rss_bytes, basis.memory));
    row->rss = status->rss_bytes;
    row->vms = status->vms_bytes;
    row->status = host::ps_state(*stat, *status);
    row->running_time = host::ps_running_time(used / clock.ticks_per_second);
    row->command = host::ps_command(stat->comm);
    row->fd_count = count_descriptors(at.directory, stop);
    row->cpu = stat->cpu;
    return row;
}

/// By the lists of the cgroup and those below it, which a process's own word on where it is may differ from: in a
/// cgroup namespace of ours that is relative to our own. As many as are looked at of a container; none where they
/// cannot be read.
std::set<pid_t> members_of(const process_table_options& options, const std::string& cgroup, deadline limit,
                           const abandon_flag& abandoned)
{
    std::set<pid_t> numbers;
    const auto layout = host::blocking_read_cgroup_layout(options.root);
    if (!layout || layout->hierarchies.empty() || has_part(cgroup, '/', "..")) return numbers;
    host::container_place place;
    place.mount = layout->hierarchies[static_cast<std::size_t>(host::usual_hierarchy(*layout))];
    place.path = cgroup;
    const auto found = host::blocking_read_container_processes(options.root, place, limit, abandoned);
    if (!found) return numbers;
    for (const host::cgroup_process& one : *found) numbers.insert(one.pid);
    return numbers;
}

}  // namespace

result<process_table> blocking_read_process_table(const process_table_options& options, const std::string& cgroup,
                                                  deadline limit, const abandon_flag& abandoned)
{
    const auto basis = read_basis(options.root);
    if (!basis) return basis.error();
    const bool all = cgroup == "/";
    process_table table;
    byte_budget long_paths(options.long_paths_bytes);
    const auto shown = [&](std::string_view path) {
        if (path.size() > host::cgroup_path_limit) return false;
        const std::size_t bytes = json_string_bytes(path);
        return bytes <= options.ordinary_path_bytes || long_paths.charge(bytes);
    };
    const auto stop = [&] { return abandoned.raised() || limit.passed(); };
    const std::set<pid_t> members = all ? std::set<pid_t>() : members_of(options, cgroup, limit, abandoned);
    const auto visit = [&](const host::walked_process& at) {
        const auto text = files::read_piece_at(at.directory, "cgroup", text_limit, at.name);
        if (!text) return false;
        const std::string_view path = host::cgroup_of_process(text->text);
        if (!all && path != cgroup && !members.contains(at.pid)) return false;
        auto row = read_row(at, *basis, stop);
        if (!row) return false;
        if (all && shown(path)) row->cgroup_path = path;
        else if (all) ++table.paths_left_out;
        table.rows.push_back(std::move(*row));
        return true;
    };
    const auto walk = host::blocking_walk_processes(options.root, "ps", options.process_limit, limit, abandoned, visit);
    if (!walk) return walk.error();
    return table;
}

task<result<std::shared_ptr<const process_table>>> process_table_collector::collect(std::string cgroup, deadline limit)
{
    std::string key = "ps " + cgroup;
    const auto begin = [this, &cgroup](deadline own) { return walk(cgroup, own); };
    co_return co_await walks_.join(std::move(key), limit, begin);
}

task<result<std::shared_ptr<const process_table>>> process_table_collector::walk(std::string cgroup, deadline limit)
{
    auto work = [options = options_, cgroup = std::move(cgroup), limit](const abandon_flag& abandoned) {
        return blocking_read_process_table(options, cgroup, limit, abandoned);
    };
    auto table = co_await pool_.run("ps", limit, std::move(work));
    if (!table) co_return table.error();
    co_return std::make_shared<const process_table>(std::move(*table));
}

}  // namespace nodescope::cadvisor
