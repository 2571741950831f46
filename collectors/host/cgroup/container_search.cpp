#include "collectors/host/cgroup/container_search.hpp"

#include "collectors/host/cgroup/cgroup_files.hpp"
#include "collectors/host/cgroup/cgroup_layout.hpp"
#include "collectors/host/cgroup/cgroup_walk.hpp"
#include "collectors/host/cgroup/container_cgroup.hpp"
#include "collectors/host/cgroup/container_choice.hpp"
#include "collectors/host/proc/proc_text.hpp"
#include "core/ascii.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "core/files/root.hpp"
#include "core/text.hpp"
#include "core/text_scan.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fcntl.h>

namespace nodescope::host {

namespace {

constexpr std::size_t shortest_prefix = 12;
constexpr std::size_t full_length = 64;
constexpr std::size_t process_stat_limit = 4096;
/// Bytes of one cgroup.procs: enough for all the process numbers that are looked at.
constexpr std::size_t procs_limit = 8 * container_process_limit;

// When they were made, of those whose id is in several places of this hierarchy: seldom any.
void date_those_in_doubt(const cgroup_layout& layout, std::vector<container_place>& all)
{
    std::map<std::string_view, std::size_t> bearers;
    for (const container_place& one : all) ++bearers[one.id];
    std::shared_ptr<cgroup_tree> tree;
    for (container_place& one : all) {
        if (bearers[one.id] < 2) continue;
        if (!tree) {
            auto opened = cgroup_tree::blocking_open(layout, 0);
            if (!opened) return;
            tree = std::move(*opened);
        }
        one.created = tree->blocking_creation_time(one.path, {}).value_or(one.created);
    }
}

struct subgroup {
    std::string path;  // relative to the hierarchy
    bool below = false;
};

/// The process numbers of a cgroup and of those below it.
class process_search {
public:
    process_search(const std::string& root, const container_place& where, deadline limit, const abandon_flag& abandoned)
        : root_(root), mount_(root, where.mount), limit_(limit), abandoned_(abandoned)
    {
        waiting_.push_back({where.path, false});
    }

    result<std::vector<cgroup_process>> run()
    {
        for (std::size_t looked = 0; !waiting_.empty() && looked < container_subgroup_limit; ++looked) {
            const subgroup one = std::move(waiting_.front());
            waiting_.pop_front();
            look_at(one);
            if (const auto why = stopped()) return *why;
        }
        return std::move(found_);
    }

private:
    [[nodiscard]] std::optional<error> stopped() const
    {
        if (abandoned_.raised()) return error(failure::cancelled, "processes of a container: the asker went away");
        if (!limit_.passed()) return std::nullopt;
        return error(failure::timed_out, fmt::format("processes of a container: {} read within {}", found_.size(),
                                                     duration_text(limit_.limit())));
    }

    void look_at(const subgroup& one)
    {
        constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
        files::directory entries(files::open(mount_ / one.path.substr(1), flags));
        if (!entries) return;
        const auto procs = files::read_file_at(entries.descriptor(), "cgroup.procs", procs_limit, "cgroup.procs");
        if (procs) take_processes(procs->text, one.below);
        while (const dirent* const entry = entries.next()) {
            const std::string_view name = entry->d_name;
            if (entry->d_type != DT_DIR || !container_id_of_component(name).empty()) continue;
            if (waiting_.size() >= container_subgroup_limit) return;
            waiting_.push_back({fmt::format("{}/{}", one.path, name), true});
        }
    }

    void take_processes(std::string_view procs, bool below)
    {
        for_each_line(procs, [&](std::string_view line) {
            if (found_.size() >= container_process_limit || limit_.passed() || abandoned_.raised()) return false;
            // A process of another process namespace is "0" there.
            const auto pid = parse_pid(line);
            if (!pid) return true;
            const auto text = files::read_file({root_, fmt::format("/proc/{}/stat", *pid)}, process_stat_limit);
            const auto stat = text ? parse_process_stat(text->text) : result<process_stat>(text.error());
            if (stat) found_.push_back({*pid, stat->parent, stat->start_ticks, below});
            return true;
        });
    }

    const std::string& root_;
    const files::place mount_;
    const deadline limit_;
    const abandon_flag& abandoned_;
    std::deque<subgroup> waiting_;
    std::vector<cgroup_process> found_;
};

}  // namespace

bool may_be_container_id(std::string_view text) noexcept
{
    const auto fits = [](char c) { return is_digit(c) || is_lower(c); };
    return text.size() >= shortest_prefix && text.size() <= full_length && std::all_of(text.begin(), text.end(), fits);
}

result<std::vector<container_place>> blocking_find_container_places(const std::string& root, search_extent extent,
                                                                    deadline limit, const abandon_flag& abandoned)
{
    auto layout = blocking_read_cgroup_layout(root);
    if (!layout) return layout.error();
    std::vector<std::string> mounts = layout->hierarchies;
    if (extent == search_extent::one_hierarchy && !mounts.empty()) {
        mounts = {mounts[static_cast<std::size_t>(usual_hierarchy(*layout))]};
    }
    if (mounts.empty()) return error(failure::unavailable, "cgroups: none are mounted on this node");
    std::vector<container_place> all;
    for (const std::string& mount : mounts) {
        layout->hierarchies = {mount};
        const auto found = blocking_find_cgroups(*layout, limit, abandoned);
        if (!found && mounts.size() == 1) return found.error();
        if (!found) continue;
        std::vector<container_place> here;
        for (const std::string& path : found->paths) {
            const std::string_view id = container_id_of_path(path);
            if (!id.empty()) here.push_back({std::string(id), mount, path, found->is_delegated(path)});
        }
        date_those_in_doubt(*layout, here);
        std::move(here.begin(), here.end(), std::back_inserter(all));
    }
    return all;
}

result<container_place> choose_container_place(const std::vector<container_place>& all, std::string_view reference)
{
    std::map<std::string_view, std::vector<const container_place*>> fitting;
    // The ids of rootless engines are hexadecimal; other texts of this kind may be names, which are nobody's to take.
    const bool may_be_users = reference.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    bool of_root = false;
    for (const container_place& one : all) {
        if (!std::string_view(one.id).starts_with(reference)) continue;
        if (!one.delegated && !std::exchange(of_root, true)) fitting.clear();
        if (one.delegated && (of_root || !may_be_users)) continue;
        auto& places = fitting[one.id];
        // On cgroup v1 a container is in several hierarchies.
        const auto same = [&](const container_place* other) { return other->path == one.path; };
        if (std::none_of(places.begin(), places.end(), same)) places.push_back(&one);
    }
    const std::string shown = escape_untrusted(reference, full_length);
    if (fitting.empty()) {
        return error(failure::gone, fmt::format("no cgroup of this node is that of a container {}", shown));
    }
    const auto& [id, places] = *fitting.begin();
    if (fitting.size() > 1) {
        return error(failure::conflict, fmt::format("{} is the beginning of more than one container's id: {} and {}",
                                                    shown, id, std::next(fitting.begin())->first));
    }
    std::vector<id_bearer> bearers;
    bearers.reserve(places.size());
    for (const container_place* one : places) bearers.push_back({one->path, one->delegated, one->created});
    if (const auto chosen = choose_container(bearers, {})) return *places[*chosen];
    return error(failure::conflict,
                 fmt::format("{} is in the names of cgroups that others than root can have made: {} and {}", shown,
                             escape_untrusted(places[0]->path), escape_untrusted(places[1]->path)));
}

result<std::vector<cgroup_process>> blocking_read_container_processes(const std::string& root,
                                                                      const container_place& where, deadline limit,
                                                                      const abandon_flag& abandoned)
{
    process_search search(root, where, limit, abandoned);
    auto all = search.run();
    if (!all || all->empty()) return all;

    std::set<pid_t> numbers;
    for (const cgroup_process& one : *all) numbers.insert(one.pid);
    const auto rank = [&](const cgroup_process& one) {
        return std::tuple(numbers.contains(one.parent), one.start_ticks, one.pid);
    };
    const auto before = [&](const cgroup_process& a, const cgroup_process& b) { return rank(a) < rank(b); };
    std::iter_swap(all->begin(), std::min_element(all->begin(), all->end(), before));
    std::sort(all->begin() + 1, all->end(), [](const cgroup_process& a, const cgroup_process& b) {
        return std::tuple(a.below, a.start_ticks, a.pid) < std::tuple(b.below, b.start_ticks, b.pid);
    });
    return all;
}

}  // namespace nodescope::host
