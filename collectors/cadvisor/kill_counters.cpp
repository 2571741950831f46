#include "collectors/cadvisor/kill_counters.hpp"

#include "collectors/host/cgroup/cgroup_layout.hpp"
#include "collectors/host/cgroup/cgroup_maker.hpp"
#include "collectors/host/proc/process_walk.hpp"
#include "core/files/directory.hpp"
#include "core/files/root.hpp"

#include <chrono>
#include <cstddef>
#include <utility>

#include <dirent.h>
#include <fcntl.h>

namespace nodescope::cadvisor {

namespace {

/// Some have no memory controller.
constexpr std::size_t cgroups_tried = 64;

std::optional<bool> counted_in(const std::shared_ptr<host::cgroup_tree>& tree, const std::string& path)
{
    auto reader = host::cgroup_reader::blocking_open(tree, path);
    const auto kills = reader ? reader->blocking_oom_kills() : std::nullopt;
    return kills ? std::optional(kills->counted) : std::nullopt;
}

/// By any counter: that of the root, which v2 does not have, or of a cgroup below it.
std::optional<bool> kernel_counts(const std::shared_ptr<host::cgroup_tree>& tree, const std::string& root)
{
    if (const auto counted = counted_in(tree, "/")) return counted;
    const std::string& mount = tree->layout().hierarchies.front();
    files::directory entries(files::open({root, mount}, O_RDONLY | O_DIRECTORY));
    if (!entries) return std::nullopt;
    for (std::size_t tried = 0; tried < cgroups_tried;) {
        const dirent* const entry = entries.next();
        if (entry == nullptr) break;
        const std::string name = entry->d_name;
        if (entry->d_type != DT_DIR || name.starts_with('.')) continue;
        ++tried;
        if (const auto counted = counted_in(tree, "/" + name)) return counted;
    }
    return std::nullopt;
}

}  // namespace

result<kill_counters> blocking_read_kill_counters(std::shared_ptr<host::cgroup_tree> tree, const std::string& root,
                                                  const std::set<std::string>& paths, deadline limit,
                                                  const abandon_flag& abandoned)
{
    if (!tree) {
        auto layout = host::blocking_read_cgroup_layout(root);
        if (!layout) return layout.error();
        auto opened = host::cgroup_tree::blocking_open(std::move(*layout));
        if (!opened) return opened.error();
        tree = std::move(*opened);
    }
    kill_counters read;
    // All counters first: they are what may be gone in a moment.
    for (const std::string& path : paths) {
        if (limit.passed() || abandoned.raised()) break;
        auto reader = host::cgroup_reader::blocking_open(tree, path);
        if (reader) read.of[path].kills = reader->blocking_oom_kills();
    }
    read.kernel_counts = kernel_counts(tree, root);
    const auto boot_seconds = host::blocking_read_boot_time(root);
    const auto boot_time = boot_seconds ? time_point(std::chrono::seconds(*boot_seconds)) : time_point();
    for (auto& [path, one] : read.of) {
        if (limit.passed() || abandoned.raised()) break;
        one.delegated = host::blocking_maker_of(root, path) != host::cgroup_maker::root;
        // None: gone meanwhile. Its kills are told all the same, as of one that is new.
        one.created = tree->blocking_creation_time(path, boot_time).value_or(std::chrono::system_clock::now());
    }
    read.tree = std::move(tree);
    return read;
}

}  // namespace nodescope::cadvisor
