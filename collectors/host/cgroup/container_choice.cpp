#include "collectors/host/cgroup/container_choice.hpp"

#include "collectors/host/cgroup/container_cgroup.hpp"
#include "core/text_scan.hpp"

#include <algorithm>
#include <tuple>

namespace nodescope::host {

namespace {

// How far a cgroup is from what a runtime makes for a container; the least wins.
auto distance(const id_bearer& one)
{
    constexpr std::string_view unit_suffix = ".scope";
    std::string_view name = one.path.substr(one.path.rfind('/') + 1);
    const std::string_view id = container_id_of_component(name);
    if (name.ends_with(unit_suffix)) name.remove_suffix(unit_suffix.size());
    const bool own = name.ends_with(id);
    std::size_t depth = 0;
    std::size_t around = 0;
    for_each_part(one.path, '/', [&](std::string_view component) {
        ++depth;
        if (!container_id_of_component(component).empty()) ++around;
        return true;
    });
    return std::tuple(!own, around, one.created, depth, one.path);
}

}  // namespace

std::optional<std::size_t> choose_container(const std::vector<id_bearer>& bearers, const init_evidence& init)
{
    std::optional<std::size_t> nearest;
    std::size_t of_others = 0;
    for (std::size_t i = 0; i < bearers.size(); ++i) {
        const id_bearer& one = bearers[i];
        if (init.known && one.path == init.path) return i;
        if (one.delegated) {
            ++of_others;
            continue;
        }
        if (!nearest || distance(one) < distance(bearers[*nearest])) nearest = i;
    }
    if (nearest) return nearest;
    if (of_others == 1 && !init.known) return 0;
    return std::nullopt;
}

std::string container_path(std::string_view process_cgroup, std::string_view id)
{
    const std::string_view path = cgroup_of_process(process_cgroup);
    std::size_t end = 0;
    std::string found;
    for_each_part(path, '/', [&](std::string_view component) {
        end += component.size();
        if (container_id_of_component(component) == id) found = path.substr(0, end);
        ++end;
        return found.empty();
    });
    return found;
}

}  // namespace nodescope::host
