// The cluster this node belongs to, as the configuration says: where its API server is and how to connect to it.
#pragma once

#include "collectors/kubernetes/api_peer.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <string>

namespace nodescope::kubernetes {

inline constexpr const char* default_service_account_directory = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Reads the named kubeconfig or, in a pod (KUBERNETES_SERVICE_HOST is set), the files of the service account. Empty
/// when there is neither.
api_peer::read_access cluster_access(const std::string& kubeconfig, const std::string& service_account_directory);

/// Makes clients that live on `executor`.
api_peer::connect connector(boost::asio::any_io_executor executor);

}  // namespace nodescope::kubernetes
