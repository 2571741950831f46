#include "collectors/runtime/kubelet_name.hpp"

#include "core/ascii.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace nodescope {

namespace {

bool is_number(std::string_view text) noexcept
{
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

}  // namespace

std::optional<kubelet_name> parse_kubelet_name(std::string_view name) noexcept
{
    // None of the parts may hold an underscore in Kubernetes.
    constexpr std::size_t usual_parts = 6;
    constexpr std::size_t most_parts = 7;
    std::array<std::string_view, most_parts> parts;
    std::size_t count = 0;
    for_each_part(name, '_', [&](std::string_view part) {
        if (count < most_parts) parts.at(count) = part;
        ++count;
        return count <= most_parts && !part.empty();
    });
    if (count < usual_parts || count > most_parts || parts[0] != "k8s" || !is_number(parts[usual_parts - 1])) return {};
    if (std::any_of(parts.begin(), parts.begin() + usual_parts, [](std::string_view part) { return part.empty(); })) {
        return {};
    }
    if (count == most_parts && parts[most_parts - 1].empty()) return {};
    return kubelet_name{parts[1], parts[2], parts[3], parts[4]};
}

std::string kubelet_name_of(const kubelet_name& parts, std::uint32_t attempt)
{
    return fmt::format("k8s_{}_{}_{}_{}_{}", parts.container, parts.pod, parts.pod_namespace, parts.uid, attempt);
}

bool is_of_pod(std::string_view name, const std::map<std::string, std::string>& labels)
{
    const auto proven = parse_kubelet_name(name);
    if (!proven) return false;
    const auto says = [&](std::string_view label, std::string_view wanted, bool required) {
        const auto found = labels.find(std::string(label));
        return found == labels.end() ? !required : found->second == wanted;
    };
    return says(pod_namespace_label, proven->pod_namespace, true) && says(pod_name_label, proven->pod, true) &&
           says(pod_uid_label, proven->uid, false) && says(container_name_label, proven->container, false);
}

}  // namespace nodescope
