#include "collectors/cadvisor/lookup.hpp"

#include "collectors/cadvisor/go_quoted.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope::cadvisor {

namespace {

/// "/docker/" is "/docker"; "" and "/" are the root.
std::string cgroup_path(std::string_view text)
{
    while (text.ends_with('/')) text.remove_suffix(1);
    if (text.empty()) return "/";
    return text.starts_with('/') ? std::string(text) : "/" + std::string(text);
}

result<std::vector<std::size_t>> choose_by_path(const std::vector<container_names>& all, const query& asked)
{
    const std::string path = cgroup_path(asked.name);
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < all.size(); ++i) {
        // A plain prefix, as in cAdvisor: "/doc" finds "/docker/…".
        if (asked.recursive ? all[i].path.starts_with(path) : all[i].path == path) found.push_back(i);
    }
    if (!found.empty()) return found;
    return error(failure::gone, fmt::format("unknown container{} {}", asked.recursive ? ":" : "", go_quoted(path)));
}

result<std::vector<std::size_t>> choose_all_of_docker(const std::vector<container_names>& all, std::string_view name)
{
    if (name.find_first_not_of('/') != std::string_view::npos) {
        return error(failure::invalid, fmt::format("invalid request for docker container {} with subcontainers",
                                                   go_quoted(cgroup_path(name))));
    }
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!all[i].docker_id.empty()) found.push_back(i);
    }
    return found;
}

result<std::vector<std::size_t>> choose_one_of_docker(const std::vector<container_names>& all, std::string_view name)
{
    while (name.ends_with('/')) name.remove_suffix(1);
    if (name.starts_with('/')) name.remove_prefix(1);
    const auto all_for_which = [&all](auto&& fits) {
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (!all[i].docker_id.empty() && fits(all[i])) found.push_back(i);
        }
        return found;
    };
    std::vector<std::size_t> found;
    if (!name.empty()) {
        found = all_for_which([name](const auto& one) { return one.docker_id == name || one.docker_name == name; });
    }
    if (found.empty()) {
        found = all_for_which(
            [name](const auto& one) { return one.docker_name.starts_with(name) || one.docker_id.starts_with(name); });
    }
    if (found.empty()) {
        return error(failure::gone, fmt::format("unable to find Docker container {}", go_quoted(name)));
    }
    // The empty text means nobody, even where there is one container only.
    if (found.size() > 1 || name.empty()) {
        return error(failure::conflict,
                     fmt::format("unable to find container. Container {} is not unique", go_quoted(name)));
    }
    return found;
}

}  // namespace

result<std::vector<std::size_t>> choose_containers(const std::vector<container_names>& all, const query& asked)
{
    if (asked.type == query::naming::by_cgroup) return choose_by_path(all, asked);
    return asked.recursive ? choose_all_of_docker(all, asked.name) : choose_one_of_docker(all, asked.name);
}

}  // namespace nodescope::cadvisor
