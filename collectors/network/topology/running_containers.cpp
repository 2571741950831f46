#include "collectors/network/topology/running_containers.hpp"

#include "collectors/host/cgroup/container_search.hpp"
#include "collectors/host/proc/process_handle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace nodescope {

namespace {

using host::container_place;
using places_by_id = std::map<std::string, std::vector<container_place>>;

bool began_then(const std::string& root, pid_t pid, std::uint64_t start_ticks)
{
    const auto process = host::process_handle::open(root, pid);
    if (!process) return false;
    const auto began = process->start_ticks();
    return began && *began == start_ticks && process->alive();
}

result<places_by_id> blocking_places(const std::string& root, deadline limit, const abandon_flag& abandoned)
{
    using host::search_extent;
    for (const search_extent extent : {search_extent::one_hierarchy, search_extent::all_hierarchies}) {
        auto found = host::blocking_find_container_places(root, extent, limit, abandoned);
        if (!found) return found.error();
        if (found->empty()) continue;
        places_by_id all;
        for (container_place& one : *found) all[one.id].push_back(std::move(one));
        return all;
    }
    return places_by_id();
}

/// None where it has no process, or none that is its own yet.
std::optional<running_container> blocking_first_process(const std::string& root, const container_place& place,
                                                        deadline limit, const abandon_flag& abandoned)
{
    const auto processes = host::blocking_read_container_processes(root, place, limit, abandoned);
    if (!processes || processes->empty()) return std::nullopt;
    running_container one{place.id, processes->front().pid, processes->front().start_ticks, place.delegated};
    const auto process = host::process_handle::open(root, one.pid);
    if (!process || host::is_container_in_the_making(*process, root)) return std::nullopt;
    return one;
}

}  // namespace

running_containers blocking_find_running_containers(const std::string& root,
                                                    const std::vector<running_container>& before, deadline limit,
                                                    const abandon_flag& abandoned)
{
    running_containers found;
    const auto places = blocking_places(root, limit, abandoned);
    if (!places) {
        found.note = places.error().message();
        return found;
    }
    std::size_t to_come = places->size();
    for (const auto& [id, of_id] : *places) {
        if (limit.passed() || abandoned.raised() || found.all.size() >= running_container_limit) {
            found.note = fmt::format("cut after {}: there are up to {} more", found.all.size(), to_come);
            return found;
        }
        --to_come;
        const auto known = std::ranges::lower_bound(before, id, {}, &running_container::id);
        if (known != before.end() && known->id == id && began_then(root, known->pid, known->start_ticks)) {
            found.all.push_back(*known);
            continue;
        }
        const auto place = host::choose_container_place(of_id, id);
        if (!place) continue;
        if (auto one = blocking_first_process(root, *place, limit, abandoned)) found.all.push_back(std::move(*one));
    }
    return found;
}

}  // namespace nodescope
