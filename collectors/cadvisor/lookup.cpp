#include "collectors/cadvisor/lookup.hpp"

#include "collectors/cadvisor/go_quoted.hpp"
#include "collectors/cadvisor/name_spaces.hpp"

#include <fmt/format.h>

namespace nodescope::cadvisor {

namespace {

/// "/docker/" is "/docker"; "" and "/" are the root.
std::string cgroup_path(std::string_view text)
{
    while (text.ends_with('/')) text.remove_suffix(1);
    if (text.empty()) return "/";
    return text.starts_with('/') ? std::string(text) : "/" + std::string(text);
}

template <class Fits>
std::vector<std::size_t> indices_of(const std::vector<container_names>& all, Fits fits)
{
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (fits(all[i])) found.push_back(i);
    }
    return found;
}

result<std::vector<std::size_t>> choose_by_path(const std::vector<container_names>& all, const query& asked)
{
    const std::string path = cgroup_path(asked.name);
    std::vector<std::size_t> found = indices_of(all, [&](const container_names& one) {
        // A plain prefix, as in cAdvisor: "/doc" finds "/docker/…".
        return asked.recursive ? one.path.starts_with(path) : one.path == path;
    });
    if (!found.empty()) return found;
    return error(failure::gone, fmt::format("unknown container{} {}", asked.recursive ? ":" : "", go_quoted(path)));
}

/// The containers of one runtime.
struct name_space_view {
    const std::vector<container_names>& all;
    std::string_view name_space;
    bool is_docker;

    [[nodiscard]] bool has(const container_names& one) const
    {
        return !one.id.empty() && (one.name_space.empty() || one.name_space == name_space);
    }
};

result<std::vector<std::size_t>> choose_all_of(const name_space_view& of, std::string_view name)
{
    if (name.find_first_not_of('/') == std::string_view::npos) {
        return indices_of(of.all, [&of](const container_names& one) { return of.has(one); });
    }
    return error(failure::invalid, fmt::format("invalid request for {} container {} with subcontainers", of.name_space,
                                               go_quoted(cgroup_path(name))));
}

error nobody_called(const name_space_view& of, std::string_view name)
{
    if (of.is_docker) {
        return error(failure::gone, fmt::format("unable to find Docker container {}", go_quoted(name)));
    }
    return error(failure::gone,
                 fmt::format("unable to find container {} in {} namespace", go_quoted(name), go_quoted(of.name_space)));
}

error several_called(const name_space_view& of, std::string_view name)
{
    const std::string where = of.is_docker ? std::string() : fmt::format(" in {} namespace", go_quoted(of.name_space));
    return error(failure::conflict,
                 fmt::format("unable to find container{}. Container {} is not unique", where, go_quoted(name)));
}

result<std::vector<std::size_t>> choose_one_of(const name_space_view& of, std::string_view name)
{
    while (name.ends_with('/')) name.remove_suffix(1);
    if (name.starts_with('/')) name.remove_prefix(1);
    std::vector<std::size_t> found;
    if (!name.empty()) {
        found = indices_of(
            of.all, [&](const container_names& one) { return of.has(one) && (one.id == name || one.name == name); });
    }
    if (found.empty()) {
        found = indices_of(of.all, [&](const container_names& one) {
            return of.has(one) && (one.name.starts_with(name) || one.id.starts_with(name));
        });
    }
    if (found.empty()) return nobody_called(of, name);
    // The empty text means nobody, even where there is one container only.
    if (found.size() > 1 || name.empty()) return several_called(of, name);
    return found;
}

}  // namespace

result<std::vector<std::size_t>> choose_containers(const std::vector<container_names>& all, const query& asked)
{
    if (asked.type == query::naming::by_cgroup) return choose_by_path(all, asked);
    const name_space_view of{all, name_space_of(asked.type), asked.type == query::naming::by_docker};
    return asked.recursive ? choose_all_of(of, asked.name) : choose_one_of(of, asked.name);
}

}  // namespace nodescope::cadvisor
