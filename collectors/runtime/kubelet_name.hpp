// Whose container it is by the name that the kubelet's runtime gave it. Labels do not prove it: an image brings labels
// of its author's choice, while only who may use the daemon names a container. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace nodescope {

/// The labels by which the kubelet says whose a container is begin with it.
inline constexpr std::string_view kubelet_label_prefix = "io.kubernetes.";
inline constexpr std::string_view pod_namespace_label = "io.kubernetes.pod.namespace";
inline constexpr std::string_view pod_name_label = "io.kubernetes.pod.name";
inline constexpr std::string_view pod_uid_label = "io.kubernetes.pod.uid";
inline constexpr std::string_view container_name_label = "io.kubernetes.container.name";
/// The container name of a pod's sandbox.
inline constexpr std::string_view sandbox_name = "POD";

struct kubelet_name {
    bool operator==(const kubelet_name&) const = default;
    std::string_view container;
    std::string_view pod;
    std::string_view pod_namespace;
    std::string_view uid;
};

/// "k8s_<container>_<pod>_<namespace>_<uid>_<attempt>", with a random number behind it where the name was taken
/// (dockershim and cri-dockerd, core/naming.go; CRI-O names alike). Nothing for any other name.
std::optional<kubelet_name> parse_kubelet_name(std::string_view name) noexcept;

/// Such a name.
std::string kubelet_name_of(const kubelet_name& parts, std::uint32_t attempt);

/// Whether `labels`, which name a pod, and the container's name mean the same one. Missing labels agree, except
/// those of the pod's name and namespace.
bool is_of_pod(std::string_view name, const std::map<std::string, std::string>& labels);

}  // namespace nodescope
