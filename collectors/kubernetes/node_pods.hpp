// The pods of this node: asks the API server, the kubelet, or one after the other. Reactor thread only.
#pragma once

#include "collectors/kubernetes/api_peer.hpp"
#include "collectors/kubernetes/pod_source.hpp"
#include "core/shared_calls.hpp"
#include "core/slots.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace nodescope::kubernetes {

/// Far above what etcd stores of one object (1.5 MiB).
inline constexpr std::size_t pod_limit_bytes = 4U << 20U;
/// A node runs up to 250 pods by Kubernetes' own limits (kubernetes.io, "Considerations for large clusters": 110), and
/// a Pod with its managedFields is seldom larger than 30 KB. This is twice their product, and the limit of one netlink
/// read too.
inline constexpr std::size_t pod_list_limit_bytes = 16U << 20U;

class node_pods final : public pod_source {
public:
    /// At least one of the peers; with both, the kubelet is asked when the API server cannot be reached in time.
    /// `timeout` bounds the round trip to each.
    node_pods(std::string node_name, steady_clock::duration timeout, std::unique_ptr<api_peer> api_server,
              std::unique_ptr<api_peer> kubelet, logger& log);

    task<result<std::string>> pod(const pod_reference& which, deadline limit) override;
    task<result<std::string>> pods_of_node(deadline limit) override;
    [[nodiscard]] backend_statistics statistics() const noexcept override;

private:
    using shared_text = std::shared_ptr<const std::string>;
    /// Turns the body of an answer into what was asked for.
    using reading = std::function<result<std::string>(std::string_view body)>;

    /// A call of one peer and what is made of its answer.
    struct peer_call {
        peer_call(std::string target, std::size_t limit, reading answer)
            : path(std::move(target)), body_limit(limit), read(std::move(answer))
        {
        }
        std::string path;
        std::size_t body_limit;
        reading read;
    };

    task<result<std::string>> answer(peer_call of_api_server, peer_call of_kubelet, deadline limit);
    /// One call for all who want the same of this peer at the same time.
    task<result<shared_text>> shared(api_peer& peer, std::string key, peer_call what, deadline limit);
    task<result<shared_text>> call(api_peer& peer, peer_call what, deadline limit);
    /// How long the API server is waited for.
    [[nodiscard]] deadline first_limit(const deadline& limit) const;

    std::string node_name_;
    std::unique_ptr<api_peer> api_server_;
    std::unique_ptr<api_peer> kubelet_;
    logger& log_;
    slot_pool slots_;
    shared_calls<shared_text> calls_;
};

}  // namespace nodescope::kubernetes
