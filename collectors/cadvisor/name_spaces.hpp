// What cAdvisor 0.60 calls the runtimes and their containers (lib/container/…/handler.go). Pure.
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "collectors/runtime/container.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::cadvisor {

/// "docker", "podman", "containerd", "crio". Valid as long as the container.
std::string_view name_space_of(const container& one) noexcept;

/// What a caller's `type` means. cAdvisor 0.60 knows "name", "docker" and "podman"; the others are as it calls the
/// runtimes, and "cri-o" as that one calls itself.
std::optional<query::naming> naming_of(std::string_view type) noexcept;

/// What `type` means in these names; empty: cgroup paths.
std::string_view name_space_of(query::naming type) noexcept;

/// The one whose containers have cgroups of that name, whoever they belong to; empty: the name does not say.
std::string_view name_space_of_cgroup(std::string_view path) noexcept;

/// What it can be found by. The first is `name` in metrics: its name, or with containerd, which knows none, its id. The
/// name that the kubelet's other runtimes would give it comes last there, which cAdvisor does not have.
std::vector<std::string> aliases_of(const container& one, const std::string& path);

}  // namespace nodescope::cadvisor
