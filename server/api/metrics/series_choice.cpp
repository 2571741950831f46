#include "server/api/metrics/series_choice.hpp"

#include "core/glob.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace nodescope::api {

namespace {

bool contains(const std::vector<std::string>& words, std::string_view word)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view name)
{
    return std::any_of(patterns.begin(), patterns.end(),
                       [name](const std::string& each) { return matches_glob(each, name); });
}

}  // namespace

series_choice::series_choice(const std::vector<std::string>& enabled, const std::vector<std::string>& disabled)
{
    for (std::size_t at = 0; at < metric_group_names.size(); ++at) {
        const std::string_view name = metric_group_names.at(at);
        const bool chosen = enabled.empty() || contains(enabled, name);
        if (!chosen || contains(disabled, name)) hidden_ |= 1U << at;
    }
}

bool series_choice::shows(metric_group group) const noexcept
{
    return ((hidden_ >> static_cast<unsigned>(group)) & 1U) == 0;
}

bool series_choice::shows_container(const cadvisor::container_view& one) const
{
    if (containers_left_out.empty()) return true;
    if (matches_any(containers_left_out, one.name)) return false;
    const auto& aliases = one.spec->aliases;
    if (!aliases.empty() && matches_any(containers_left_out, aliases.front())) return false;
    if (!one.pod) return true;
    const std::string in_its_pod = fmt::format("{}/{}/{}", one.pod->name_space, one.pod->name, one.pod->container);
    return !matches_any(containers_left_out, in_its_pod);
}

bool series_choice::shows_interface(std::string_view name) const { return !matches_any(interfaces_left_out, name); }

bool series_choice::shows_device(std::string_view name) const { return !matches_any(devices_left_out, name); }

}  // namespace nodescope::api
