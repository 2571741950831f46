#include "collectors/network/load/container_tasks.hpp"

#include "collectors/host/cgroup/container_choice.hpp"
#include "collectors/host/proc/proc_text.hpp"
#include "collectors/questions/container_network.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "core/files/root.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <fcntl.h>

namespace nodescope {

namespace {

constexpr std::size_t task_stat_limit = 4096;
constexpr std::size_t task_cgroup_limit = 64UL * 1024UL;
constexpr std::size_t freezer_state_limit = 64;
/// A sentence names no more.
constexpr std::size_t tasks_named = 5;

std::optional<host::process_stat> task_stat(int directory, const std::string& name)
{
    const auto text = files::read_file_at(directory, name, task_stat_limit, name);
    if (!text) return std::nullopt;
    auto stat = host::parse_process_stat(text->text);
    if (!stat) return std::nullopt;
    return std::move(*stat);
}

void count_task(const host::process_stat& stat, findings::task_load& made)
{
    ++made.looked_at;
    if (stat.state != 'D') return;
    ++made.uninterruptible;
    if (made.names.size() < tasks_named) made.names.push_back(stat.comm);
}

/// Whether it is to go on with the next process.
bool count_tasks_of(const std::string& root, const host::cgroup_process& process, findings::task_load& made)
{
    const auto opened = files::open_directory({root, fmt::format("/proc/{}/task", process.pid)});
    if (!opened) return true;
    files::directory tasks(unique_fd(::fcntl(opened->get(), F_DUPFD_CLOEXEC, 0)));
    if (!tasks) return true;
    // Another process may have this number by now.
    const auto first = task_stat(opened->get(), fmt::format("{}/stat", process.pid));
    if (!first || first->start_ticks != process.start_ticks) return true;
    while (const dirent* const entry = tasks.next()) {
        if (made.looked_at == looked_at_tasks) {
            made.missing = fmt::format("the container has more than {} tasks", looked_at_tasks);
            return false;
        }
        const auto stat = task_stat(opened->get(), std::string(entry->d_name) + "/stat");
        if (stat) count_task(*stat, made);
    }
    return true;
}

/// On cgroup v2 a frozen task is in an ordinary sleep.
bool is_frozen(const part_source& source)
{
    const auto text = source.where.process.read("cgroup", task_cgroup_limit);
    if (!text) return false;
    const std::string path = host::container_path(text->text, source.known.owner->id);
    if (path.empty()) return false;
    const auto state = files::read_file({source.root, fmt::format("/sys/fs/cgroup/freezer{}/freezer.state", path)},
                                        freezer_state_limit);
    return state && state->text.starts_with("FR");  // FROZEN, FREEZING
}

}  // namespace

findings::task_load blocking_count_tasks(const std::string& root, const std::vector<host::cgroup_process>& processes,
                                         deadline limit, const abandon_flag& abandoned)
{
    findings::task_load made;
    for (const host::cgroup_process& one : processes) {
        if (limit.passed() || abandoned.raised()) {
            made.missing =
                fmt::format("not all tasks of the container were looked at within {}", duration_text(limit.limit()));
            return made;
        }
        if (!count_tasks_of(root, one, made)) return made;
    }
    return made;
}

findings::task_load blocking_read_container_tasks(const part_source& source)
{
    findings::task_load made;
    if (!source.known.owner) {
        made.missing = "its tasks are looked at where a container is asked about";
        return made;
    }
    if (is_frozen(source)) {
        made.missing = "the container is paused: its tasks are frozen";
        return made;
    }
    const auto processes = blocking_processes_of_container(source.root, source.where.process, source.known.owner->id,
                                                           source.limit, source.abandoned);
    if (processes.empty()) {
        made.missing = "the container's processes are not to be seen (cgroup)";
        return made;
    }
    return blocking_count_tasks(source.root, processes, source.limit, source.abandoned);
}

}  // namespace nodescope
