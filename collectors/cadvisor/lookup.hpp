// Which containers a caller means, and what cAdvisor says when there is none. Pure.
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace nodescope::cadvisor {

/// What a container can be found by. All but the path is empty for a plain cgroup.
struct container_names {
    std::string_view path;
    std::string_view name;
    std::string_view id;
    std::string_view name_space;  ///< its runtime's; empty: not known, which may be any
};

/// The indices of those asked for, in the order of `all`. failure::gone, failure::conflict and failure::invalid, with
/// the texts of cAdvisor 0.35, and of 0.60 for runtimes that 0.35 does not know. Where a text begins both the name and
/// the id of one container, cAdvisor finds it twice and answers "not unique"; here it means that container.
result<std::vector<std::size_t>> choose_containers(const std::vector<container_names>& all, const query& asked);

}  // namespace nodescope::cadvisor
