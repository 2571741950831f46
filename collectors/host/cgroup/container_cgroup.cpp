#include "collectors/host/cgroup/container_cgroup.hpp"

#include <algorithm>
#include <cstddef>

namespace nodescope::host {

namespace {

constexpr std::size_t id_length = 64;

bool is_of_an_id(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); }

// Calls `component` for each path component of each "N:controllers:/path" line; a true return ends it.
template <class Component>
bool any_component(std::string_view cgroup, Component component)
{
    while (!cgroup.empty()) {
        const std::size_t end = std::min(cgroup.find('\n'), cgroup.size());
        std::string_view line = cgroup.substr(0, end);
        cgroup.remove_prefix(std::min(end + 1, cgroup.size()));

        // Hierarchy number, controllers, path; only the path may hold further colons.
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos) continue;
        std::string_view path = line.substr(second + 1);
        while (!path.empty()) {
            const std::size_t slash = std::min(path.find('/'), path.size());
            if (component(path.substr(0, slash))) return true;
            path.remove_prefix(std::min(slash + 1, path.size()));
        }
    }
    return false;
}

}  // namespace

std::string_view to_string(cgroup_verdict verdict) noexcept
{
    switch (verdict) {
        case cgroup_verdict::same: return "same";
        case cgroup_verdict::other: return "other";
        case cgroup_verdict::none: return "none";
    }
    return "unknown";
}

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

cgroup_verdict container_of_cgroup(std::string_view process_cgroup, std::string_view container_id,
                                   std::string_view own_cgroup)
{
    const bool full = container_id.size() == id_length;
    const bool same = full && any_component(process_cgroup, [&](std::string_view component) {
                          return container_id_of_component(component) == container_id;
                      });
    if (same) return cgroup_verdict::same;

    const bool other = any_component(process_cgroup, [&](std::string_view component) {
        if (container_id_of_component(component).empty()) return false;
        return !any_component(own_cgroup, [&](std::string_view own) { return own == component; });
    });
    return other ? cgroup_verdict::other : cgroup_verdict::none;
}

}  // namespace nodescope::host
