#include "collectors/host/cgroup/container_cgroup.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace nodescope::host {

namespace {

constexpr std::size_t id_length = 64;
constexpr std::array<std::string_view, 4> runtimes{"docker", "cri-containerd", "crio", "libpod"};

bool is_id(std::string_view text)
{
    return text.size() == id_length && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

bool is_runtime(std::string_view text) { return std::find(runtimes.begin(), runtimes.end(), text) != runtimes.end(); }

// The container id a path component stands for; empty when it is no container's.
std::string_view id_of_component(std::string_view component)
{
    if (is_id(component)) return component;
    char separator = ':';
    if (component.ends_with(".scope")) {
        component.remove_suffix(6);
        separator = '-';
    }
    if (component.size() <= id_length + 1) return {};
    const std::string_view id = component.substr(component.size() - id_length);
    std::string_view runtime = component.substr(0, component.size() - id_length);
    if (!is_id(id) || runtime.back() != separator) return {};
    runtime.remove_suffix(1);
    // containerd under the cgroupfs driver with a systemd-style path: "kubepods-pod1.slice:cri-containerd:<id>".
    if (separator == ':') runtime = runtime.substr(runtime.rfind(':') + 1);
    return is_runtime(runtime) ? id : std::string_view();
}

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

cgroup_verdict container_of_cgroup(std::string_view process_cgroup, std::string_view container_id,
                                   std::string_view own_cgroup)
{
    const bool same = is_id(container_id) && any_component(process_cgroup, [&](std::string_view component) {
                          return id_of_component(component) == container_id;
                      });
    if (same) return cgroup_verdict::same;

    const bool other = any_component(process_cgroup, [&](std::string_view component) {
        if (id_of_component(component).empty()) return false;
        return !any_component(own_cgroup, [&](std::string_view own) { return own == component; });
    });
    return other ? cgroup_verdict::other : cgroup_verdict::none;
}

}  // namespace nodescope::host
