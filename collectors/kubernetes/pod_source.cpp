#include "collectors/kubernetes/pod_source.hpp"

#include "collectors/kubernetes/access.hpp"
#include "collectors/kubernetes/api_peer.hpp"
#include "collectors/kubernetes/cluster.hpp"
#include "collectors/kubernetes/credential_file.hpp"
#include "collectors/kubernetes/node_pods.hpp"

#include <fmt/format.h>

namespace nodescope::kubernetes {

namespace {

/// Where the kubelet serves by default on its node.
constexpr std::string_view default_kubelet_endpoint = "https://127.0.0.1:10250";

/// Gives the same reason for everything.
class no_source final : public pod_source {
public:
    explicit no_source(std::string reason) : reason_(failure::unavailable, std::move(reason)) {}
    task<result<std::string>> pod(const pod_reference&, deadline) override { co_return reason_; }
    task<result<std::string>> pods_of_node(deadline) override { co_return reason_; }

private:
    error reason_;
};

std::unique_ptr<pod_source> make_no_source(std::string reason)
{
    return std::make_unique<no_source>("kubernetes: " + std::move(reason));
}

result<std::string> read_kubelet_ca(const source_options& options)
{
    auto ca = read_credential_file(options.kubelet_ca_file);
    if (!ca) return error(failure::invalid, fmt::format("--kubelet-ca-file: {}", ca.error().message()));
    return ca;
}

/// The credentials of the cluster at the kubelet's address.
result<api_access> kubelet_access(const api_peer::read_access& cluster, const server_address& kubelet,
                                  const source_options& options)
{
    auto access = cluster();
    if (!access) return access.error();
    access->server = kubelet;
    // The kubelet's certificate carries the names of its node, never that of the loopback.
    access->tls.server_name = kubelet.is_loopback() ? options.node_name : std::string();
    if (options.kubelet_ca_file.empty()) return access;
    auto ca = read_kubelet_ca(options);
    if (!ca) return ca.error();
    access->tls.ca_pem = std::move(*ca);
    return access;
}

result<server_address> kubelet_address(const source_options& options)
{
    const std::string_view text =
        options.kubelet_endpoint.empty() ? default_kubelet_endpoint : std::string_view(options.kubelet_endpoint);
    auto address = parse_server_url(text);
    if (!address) return error(failure::invalid, fmt::format("--kubelet-endpoint: {}", address.error().message()));
    if (address->to.kind != http_client::endpoint::transport::tls) {
        return error(failure::invalid, fmt::format("--kubelet-endpoint: \"{}\" is not https", address->text));
    }
    return address;
}

}  // namespace

result<std::unique_ptr<pod_source>> make_pod_source(boost::asio::any_io_executor executor, source_options options,
                                                    logger& log)
{
    const bool use_api_server = options.source == "auto" || options.source == "apiserver";
    const bool use_kubelet = options.source == "auto" || options.source == "kubelet";
    if (!use_api_server && !use_kubelet) {
        return error(failure::invalid,
                     fmt::format("--pod-source: \"{}\" is none of auto, apiserver, kubelet", options.source));
    }
    auto kubelet_at = kubelet_address(options);
    if (!kubelet_at) return kubelet_at.error();
    if (!options.kubelet_ca_file.empty()) {
        if (const auto ca = read_kubelet_ca(options); !ca) return ca.error();
    }

    const api_peer::read_access cluster = cluster_access(options.kubeconfig, options.service_account_directory);
    if (!cluster) {
        return make_no_source("not configured: give --kubeconfig, or run as a pod with a service account");
    }

    const api_peer::connect connect = connector(executor);
    std::unique_ptr<api_peer> api_server;
    std::unique_ptr<api_peer> kubelet;
    if (use_api_server) api_server = std::make_unique<api_peer>("API server", cluster, connect, log);
    if (use_kubelet) {
        auto read = [cluster, at = std::move(*kubelet_at), options] { return kubelet_access(cluster, at, options); };
        kubelet = std::make_unique<api_peer>("kubelet", std::move(read), connect, log);
    }
    // A named file must be usable now. The files of a service account may come later: they are tried at each question.
    for (api_peer* peer : {api_server.get(), kubelet.get()}) {
        if (peer == nullptr) continue;
        const auto renewed = peer->renew();
        if (renewed) continue;
        if (!options.kubeconfig.empty()) {
            return error(failure::invalid, fmt::format("kubernetes: {}", renewed.error().message()));
        }
        log.write(log_level::warning, "the service account cannot be used yet",
                  {{"reason", renewed.error().message()}});
    }
    if (options.node_name.empty()) {
        return make_no_source("the name of this node is not known: give --node-name");
    }
    return std::unique_ptr<pod_source>(std::make_unique<node_pods>(options.node_name, options.timeout,
                                                                   std::move(api_server), std::move(kubelet), log));
}

}  // namespace nodescope::kubernetes
