// Kubernetes' rules for names, and API paths built from names that follow them.
#pragma once

#include "collectors/kubernetes/pod_source.hpp"

#include <string>
#include <string_view>

namespace nodescope::kubernetes {

/// RFC 1123 label as Kubernetes has it: 1-63 of a-z, 0-9 and '-', a letter or digit first and last.
bool is_dns_label(std::string_view name) noexcept;

/// RFC 1123 subdomain as Kubernetes has it: 1-253 characters, parts as above but of any length, joined by '.'.
bool is_dns_subdomain(std::string_view name) noexcept;

/// GET of one pod from the API server.
std::string pod_path(const pod_reference& which);

/// GET of the pods of one node from the API server.
std::string pods_of_node_path(std::string_view node_name);

/// GET of all pods the kubelet knows.
inline constexpr std::string_view kubelet_pods_path = "/pods";

}  // namespace nodescope::kubernetes
