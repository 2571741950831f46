#include "collectors/host/cgroup/container_cgroup.hpp"

#include "core/ascii.hpp"
#include "core/text_scan.hpp"

#include <cstddef>

namespace nodescope::host {

namespace {

constexpr std::size_t id_length = 64;

bool is_of_an_id(char c) noexcept { return is_digit(c) || is_lower(c); }

// Calls `visit(controllers, path)` for each line "4:cpu,memory:/path"; only the path may hold further colons.
template <class Visit>
void for_each_membership(std::string_view cgroup, Visit visit)
{
    for_each_line(cgroup, [&](std::string_view line) {
        const auto number = split_at(line, ':');
        const auto rest = number ? split_at(number->second, ':') : std::nullopt;
        if (rest) visit(rest->first, rest->second);
        return true;
    });
}

// Whether `wanted` is true of a component of a path.
template <class Wanted>
bool any_component(std::string_view cgroup, Wanted wanted)
{
    bool any = false;
    for_each_membership(cgroup, [&](std::string_view, std::string_view path) {
        for_each_part(path, '/', [&](std::string_view component) {
            any = any || wanted(component);
            return !any;
        });
    });
    return any;
}

}  // namespace

std::string_view container_id_of_component(std::string_view component) noexcept
{
    if (component.ends_with(".mount")) return {};
    if (component.starts_with("crio-conmon-") || component.starts_with("libpod-conmon-")) return {};
    for (std::size_t begin = 0; begin < component.size();) {
        std::size_t end = begin;
        while (end < component.size() && is_of_an_id(component[end])) ++end;
        if (end - begin == id_length) return component.substr(begin, id_length);
        begin = end + 1;
    }
    return {};
}

std::string_view container_id_of_path(std::string_view cgroup_path) noexcept
{
    return container_id_of_component(cgroup_path.substr(cgroup_path.rfind('/') + 1));
}

cgroup_match container_of_cgroup(std::string_view process_cgroup, std::string_view container_id,
                                 std::string_view own_cgroup)
{
    const bool full = container_id.size() == id_length;
    const bool same = full && any_component(process_cgroup, [&](std::string_view component) {
                          return container_id_of_component(component) == container_id;
                      });
    if (same) return cgroup_match::same;

    const bool other = any_component(process_cgroup, [&](std::string_view component) {
        if (container_id_of_component(component).empty()) return false;
        return !any_component(own_cgroup, [&](std::string_view own) { return own == component; });
    });
    return other ? cgroup_match::other : cgroup_match::none;
}

std::string_view unified_cgroup_of_process(std::string_view process_cgroup)
{
    std::string_view unified;
    for_each_membership(process_cgroup, [&](std::string_view controllers, std::string_view path) {
        if (controllers.empty()) unified = path;
    });
    return unified;
}

std::string_view cgroup_of_process(std::string_view process_cgroup)
{
    std::string_view memory;
    std::string_view cpu;
    for_each_membership(process_cgroup, [&](std::string_view controllers, std::string_view path) {
        if (has_part(controllers, ',', "memory")) memory = path;
        else if (has_part(controllers, ',', "cpu")) cpu = path;
    });
    if (!memory.empty()) return memory;
    return cpu.empty() ? unified_cgroup_of_process(process_cgroup) : cpu;
}

}  // namespace nodescope::host
