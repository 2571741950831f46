// Podman as one of the node's runtimes: by the service that answers Docker's API where one runs, else by its files.
#pragma once

#include "collectors/runtime/docker/docker_client.hpp"
#include "collectors/runtime/podman/storage_files.hpp"
#include "collectors/runtime/runtime.hpp"
#include "core/log.hpp"
#include "core/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::podman {

inline constexpr std::string_view runtime_name = "podman";

/// Where Podman's service listens by default, root's below `root` and this user's own, in the order in which they are
/// looked for.
std::vector<std::string> usual_sockets(const std::string& root);

class runtime_client : public runtime {
public:
    /// Its service, for what is passed on as it is.
    [[nodiscard]] virtual docker::client& service() = 0;
    /// As the service lists them; by its files without a service: those that ran since the node was booted have no
    /// labels then, no ports and no mounts.
    virtual task<result<docker::shared_body>> list_containers(deadline limit) = 0;
};

struct runtime_options {
    /// `t` bounds one look at the files (--timeout-host).
    runtime_options(docker::client_options s, steady_clock::duration t) : service(std::move(s)), timeout(t) {}
    docker::client_options service;  ///< its sockets
    storage_places files;
    steady_clock::duration timeout;
};

/// Failures as of docker::make_client(). Outlives its calls, or ends after the reactor has stopped.
result<std::unique_ptr<runtime_client>> make_runtime(boost::asio::any_io_executor executor, worker_pool& workers,
                                                     runtime_options options, logger& log);

}  // namespace nodescope::podman
