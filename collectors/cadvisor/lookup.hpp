// Which containers a caller means, and what cAdvisor says when there is none. Pure.
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace nodescope::cadvisor {

/// What a container can be found by. Docker's names are empty for a plain cgroup.
struct container_names {
    std::string_view path;
    std::string_view docker_name;
    std::string_view docker_id;
};

/// The indices of those asked for, in the order of `all`. failure::gone, failure::conflict and failure::invalid, with
/// the texts of cAdvisor 0.35. Unlike there, a text that begins both the name and the id of one container means it.
result<std::vector<std::size_t>> choose_containers(const std::vector<container_names>& all, const query& asked);

}  // namespace nodescope::cadvisor
