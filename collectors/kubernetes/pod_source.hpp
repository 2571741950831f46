// Pods, from the API server or from the kubelet of this node.
#pragma once

#include "collectors/kubernetes/cluster.hpp"
#include "core/backend_statistics.hpp"
#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/task.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>

namespace nodescope::kubernetes {

/// A namespace and a pod name that follow Kubernetes' rules, so that they are safe in a path.
class pod_reference {
public:
    /// failure::invalid names the field ("pod.namespace") and the rule.
    static result<pod_reference> parse(std::string_view pod_namespace, std::string_view pod_name);
    [[nodiscard]] const std::string& pod_namespace() const noexcept { return namespace_; }
    [[nodiscard]] const std::string& pod_name() const noexcept { return name_; }

private:
    pod_reference(std::string pod_namespace, std::string pod_name)
        : namespace_(std::move(pod_namespace)), name_(std::move(pod_name))
    {
    }
    std::string namespace_;
    std::string name_;
};

class pod_source {
public:
    virtual ~pod_source() = default;
    /// The Pod object (core/v1, kind and apiVersion set), otherwise as the source wrote it. failure::gone also for a
    /// pod of another node.
    virtual task<result<std::string>> pod(const pod_reference& which, deadline limit) = 0;
    /// A JSON array of the pods of this node.
    virtual task<result<std::string>> pods_of_node(deadline limit) = 0;
    /// Calls of all peers.
    [[nodiscard]] virtual backend_statistics statistics() const noexcept { return {}; }
};

struct source_options {
    /// `t` bounds one round trip, TLS included (--timeout-kubernetes).
    explicit source_options(steady_clock::duration t) : timeout(t) {}
    std::string source = "auto";   ///< auto, apiserver, kubelet
    std::string kubeconfig;        ///< path; empty: in-cluster when KUBERNETES_SERVICE_HOST is set
    std::string kubelet_endpoint;  ///< https://host:port; empty: https://127.0.0.1:10250
    std::string kubelet_ca_file;  ///< PEM bundle that signed the kubelet's serving certificate; empty: the cluster's CA
    std::string node_name;
    std::string service_account_directory = default_service_account_directory;
    steady_clock::duration timeout;
};

/// Reads the configuration; failure::invalid (a start-up error) only for a kubeconfig that is named but unusable. With
/// nothing configured it gives a source that answers every question with failure::unavailable and what to configure.
result<std::unique_ptr<pod_source>> make_pod_source(boost::asio::any_io_executor executor, source_options options,
                                                    logger& log);

}  // namespace nodescope::kubernetes
