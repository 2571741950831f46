#include "collectors/kubernetes/names.hpp"

#include "core/ascii.hpp"
#include "core/text.hpp"
#include "core/url_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope::kubernetes {

namespace {

constexpr std::size_t label_limit = 63;
constexpr std::size_t subdomain_limit = 253;
/// Enough of a refused name to recognise it.
constexpr std::size_t shown_of_a_name = 100;

constexpr bool is_letter_or_digit(char c) noexcept { return is_lower(c) || is_digit(c); }

/// A label without the limit of its length.
bool is_label_shaped(std::string_view part) noexcept
{
    return !part.empty() && is_letter_or_digit(part.front()) && is_letter_or_digit(part.back()) &&
           std::all_of(part.begin(), part.end(), [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

error refused(std::string_view field, std::string_view value, std::string_view rule)
{
    if (value.empty())
        return error(failure::invalid, fmt::format("{} is missing or empty: it must be {}", field, rule));
    return error(failure::invalid,
                 fmt::format("{} \"{}\" is not {}", field, escape_untrusted(value, shown_of_a_name), rule));
}

}  // namespace

bool is_dns_label(std::string_view name) noexcept { return name.size() <= label_limit && is_label_shaped(name); }

bool is_dns_subdomain(std::string_view name) noexcept
{
    if (name.size() > subdomain_limit) return false;
    for (;;) {
        const std::size_t dot = name.find('.');
        if (!is_label_shaped(name.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        name.remove_prefix(dot + 1);
    }
}

std::string pod_path(const pod_reference& which)
{
    return fmt::format("/api/v1/namespaces/{}/pods/{}", percent_encode(which.pod_namespace()),
                       percent_encode(which.pod_name()));
}

std::string pods_of_node_path(std::string_view node_name)
{
    return fmt::format("/api/v1/pods?fieldSelector={}", percent_encode(fmt::format("spec.nodeName={}", node_name)));
}

result<pod_reference> pod_reference::parse(std::string_view pod_namespace, std::string_view pod_name)
{
    if (!is_dns_label(pod_namespace)) {
        return refused("pod.namespace", pod_namespace,
                       "a Kubernetes namespace name (1 to 63 of a-z, 0-9 and '-', a letter or digit first and last)");
    }
    if (!is_dns_subdomain(pod_name)) {
        return refused("pod.name", pod_name,
                       "a Kubernetes pod name (1 to 253 of a-z, 0-9, '-' and '.', a letter or digit first and last in "
                       "each part between dots)");
    }
    return pod_reference(std::string(pod_namespace), std::string(pod_name));
}

}  // namespace nodescope::kubernetes
