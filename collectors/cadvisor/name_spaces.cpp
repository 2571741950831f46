#include "collectors/cadvisor/name_spaces.hpp"

#include "collectors/host/cgroup/container_cgroup.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace nodescope::cadvisor {

namespace {

constexpr std::string_view docker = "docker";
constexpr std::string_view podman = "podman";
constexpr std::string_view containerd = "containerd";
constexpr std::string_view crio = "crio";

// In the order of query::naming.
constexpr std::array<std::string_view, 5> names{"", docker, podman, containerd, crio};

/// How the last component of a path begins.
struct cgroup_prefix {
    std::string_view text;
    std::string_view name_space;
};
constexpr std::array prefixes{
    cgroup_prefix{"docker-", docker},
    cgroup_prefix{"libpod-", podman},
    cgroup_prefix{"cri-containerd-", containerd},
    cgroup_prefix{"crio-", crio},
};

/// containerd's own driver on systemd without its units: "system.slice:cri-containerd:<id>".
constexpr std::string_view containerd_mark = ":cri-containerd:";

}  // namespace

std::string_view name_space_of(const container& one) noexcept
{
    return one.runtime == "cri-o" ? crio : std::string_view(one.runtime);
}

std::optional<query::naming> naming_of(std::string_view type) noexcept
{
    if (type == "name") return query::naming::by_cgroup;
    if (type == "cri-o") return query::naming::by_crio;
    const auto* const found = std::find(names.begin() + 1, names.end(), type);
    if (found == names.end()) return std::nullopt;
    return static_cast<query::naming>(found - names.begin());
}

std::string_view name_space_of(query::naming type) noexcept { return names.at(static_cast<std::size_t>(type)); }

std::string_view name_space_of_cgroup(std::string_view path) noexcept
{
    if (host::container_id_of_path(path).empty()) return {};
    const std::size_t slash = path.rfind('/');
    const std::string_view name = path.substr(slash + 1);
    for (const cgroup_prefix& one : prefixes) {
        if (name.starts_with(one.text)) return one.name_space;
    }
    if (name.find(containerd_mark) != std::string_view::npos) return containerd;
    const std::string_view above = path.substr(0, slash == std::string_view::npos ? 0 : slash);
    return above.ends_with("/docker") ? docker : std::string_view();
}

std::vector<std::string> aliases_of(const container& one, const std::string& path)
{
    if (one.runtime != containerd) return {one.name, one.id};
    std::vector<std::string> all{one.id, path};
    if (!one.name.empty() && one.name != one.id) all.push_back(one.name);
    return all;
}

}  // namespace nodescope::cadvisor
