// containerd, CRI-O and whatever else answers CRI, as one of the node's runtimes.
#pragma once

#include "collectors/runtime/network_words.hpp"
#include "collectors/runtime/runtime.hpp"
#include "core/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace nodescope::cri {

/// Containers in the shape of Docker's list, and what was left out of it.
struct docker_shaped_list {
    docker_shaped_list() = default;
    std::string json;
    std::uint64_t left_out = 0;  ///< labels and annotations that were too long to be kept
};

/// The runtime, and what the routes show of it alone.
class runtime_client : public runtime, public network_words_source {
public:
    /// All containers and sandboxes, the ended ones too: a JSON array of what Docker's GET /containers/json has of
    /// each.
    virtual task<result<std::shared_ptr<const docker_shaped_list>>> list_as_docker(deadline limit) = 0;
    /// Version, conditions and configuration: a JSON object. Credentials of registries are left out.
    virtual task<result<std::string>> info(deadline limit) = 0;
    /// Whether its containers are those of a Docker daemon (cri-dockerd). Known after a call.
    [[nodiscard]] virtual bool is_docker() const = 0;
    /// "unix:///run/containerd/containerd.sock"
    [[nodiscard]] virtual std::string endpoint() const = 0;
};

struct runtime_options {
    /// `t` bounds one call (--timeout-cri).
    explicit runtime_options(steady_clock::duration t) : timeout(t) {}
    std::string endpoint;    ///< empty: the first of the usual sockets that exists
    std::string root = "/";  ///< below which these are looked for
    steady_clock::duration timeout;
};

/// failure::invalid for an endpoint that cannot be one. Outlives its calls, or ends after the reactor has stopped.
result<std::unique_ptr<runtime_client>> make_runtime(boost::asio::any_io_executor executor, worker_pool& workers,
                                                     const runtime_options& options);

}  // namespace nodescope::cri
