// The Docker Engine API as this service uses it: a fixed set of reads, over the daemon's socket, each under a deadline.
#pragma once

#include "collectors/runtime/container_reference.hpp"
#include "core/backend_statistics.hpp"
#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/task.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace nodescope::docker {

/// A body of the daemon, byte for byte, shared between the askers of the same read.
using shared_body = std::shared_ptr<const std::string>;

/// What we read out of GET /containers/{id}/json.
struct container_state {
    container_state() = default;
    std::string id;                             ///< full, 64 hex digits
    std::string name;                           ///< without the leading '/'
    std::string status;                         ///< created, running, paused, restarting, removing, exited, dead
    std::int64_t pid = 0;                       ///< 0 when it has no process
    std::string started_at;                     ///< RFC 3339 as the daemon wrote it
    std::string network_mode;                   ///< HostConfig.NetworkMode
    std::string created;                        ///< RFC 3339 as the daemon wrote it
    std::string image;                          ///< Config.Image: the name it was started by
    std::map<std::string, std::string> labels;  ///< 64 KiB of them; those that do not fit are left out
    std::vector<std::string> environment;       ///< Config.Env, 64 KiB: may hold secrets (operations.md O6)
    std::string health;                         ///< State.Health.Status; empty without a health check
    std::string driver;                         ///< of its root filesystem: "overlay2", "overlayfs"
    std::string upper_directory;                ///< GraphDriver.Data.UpperDir: what it wrote; empty without overlay2
    std::string log_path;                       ///< <root>/containers/<id>/<id>-json.log; empty for other log drivers
    std::string hosts_path;                     ///< <root>/containers/<id>/hosts; empty before the first start
    std::int64_t exit_code = 0;                 ///< State.ExitCode
    std::int64_t restart_count = 0;
    std::int64_t cpu_shares = 0;  ///< HostConfig.CpuShares; 0: not set
};

class client {
public:
    virtual ~client() = default;

    /// GET /containers/json?all=1, validated as a JSON array.
    virtual task<result<shared_body>> list_containers(deadline limit) = 0;
    /// GET /info, validated as a JSON object. Reused for one second (operations.md D12).
    virtual task<result<shared_body>> info(deadline limit) = 0;
    /// GET /version, validated as a JSON object.
    virtual task<result<shared_body>> engine_version(deadline limit) = 0;
    /// GET /containers/{id}/json. The answer is checked to be the container asked for (operations.md I7).
    virtual task<result<container_state>> inspect(const container_reference& id, deadline limit) = 0;
    /// The running container whose Kubernetes labels (io.kubernetes.pod.namespace, .pod.name, .container.name) match.
    /// `container` may be empty: then the pod's only container, or its sandbox. failure::gone / failure::conflict.
    virtual task<result<container_state>> find_pod_container(std::string pod_namespace, std::string pod_name,
                                                             std::string container, deadline limit) = 0;
    /// The configured endpoint as a person would write it: "unix:///var/run/docker.sock".
    [[nodiscard]] virtual const std::string& endpoint_text() const noexcept = 0;
    /// Closes the idle connections and the timer that watches them, so that the reactor can run dry at shutdown.
    virtual void drop_idle() = 0;
    /// Calls that were made; those that were shared or not made at all do not count.
    [[nodiscard]] virtual backend_statistics statistics() const noexcept { return {}; }
};

struct client_options {
    /// `t` bounds one round trip (--timeout-docker).
    explicit client_options(steady_clock::duration t) : timeout(t) {}
    std::string host;                   ///< DOCKER_HOST spelling (operations.md D1); empty: unix:///var/run/docker.sock
    std::string api_version;            ///< DOCKER_API_VERSION; empty: negotiate
    bool tls = false;                   ///< DOCKER_TLS_VERIFY: tcp:// speaks TLS
    std::string certificate_directory;  ///< DOCKER_CERT_PATH with ca.pem, cert.pem, key.pem
    bool insecure_tcp = false;          ///< plain tcp:// beyond loopback is refused without it (operations.md D3)
    steady_clock::duration timeout;
};

/// What the variables DOCKER_HOST, DOCKER_API_VERSION, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say, read the way the
/// docker command reads them. A configured host goes over DOCKER_HOST: the caller sets it afterwards.
client_options options_from_environment(steady_clock::duration timeout);

/// failure::invalid for an endpoint that cannot be one (operations.md D1-D3), an API version that is none, or TLS files
/// that cannot be read: a start-up error. The client must outlive its calls, or end after the reactor has stopped.
result<std::unique_ptr<client>> make_client(boost::asio::any_io_executor executor, client_options options, logger& log);

}  // namespace nodescope::docker
