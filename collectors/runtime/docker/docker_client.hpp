// The Docker Engine API as this service uses it: a fixed set of reads, over the daemon's socket, each under a deadline.
#pragma once

#include "collectors/runtime/runtime.hpp"
#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/task.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace nodescope::docker {

/// A body of the daemon, byte for byte, shared between the askers of the same read.
using shared_body = std::shared_ptr<const std::string>;

/// The runtime, and what the routes about Docker itself pass on as it is.
class client : public runtime {
public:
    /// GET /containers/json?all=1, validated as a JSON array.
    virtual task<result<shared_body>> list_containers(deadline limit) = 0;
    /// GET /info, validated as a JSON object. Reused for one second.
    virtual task<result<shared_body>> info(deadline limit) = 0;
};

struct client_options {
    /// `t` bounds one round trip (--timeout-docker).
    explicit client_options(steady_clock::duration t) : timeout(t) {}
    std::string host;                   ///< DOCKER_HOST spelling; empty: unix:///var/run/docker.sock
    std::string api_version;            ///< DOCKER_API_VERSION; empty: negotiate
    bool tls = false;                   ///< DOCKER_TLS_VERIFY: tcp:// speaks TLS
    std::string certificate_directory;  ///< DOCKER_CERT_PATH with ca.pem, cert.pem, key.pem
    bool insecure_tcp = false;          ///< plain tcp:// beyond loopback is refused without it
    steady_clock::duration timeout;
};

/// What the variables DOCKER_HOST, DOCKER_API_VERSION, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say, read the way the
/// docker command reads them. A configured host goes over DOCKER_HOST: the caller sets it afterwards.
client_options options_from_environment(steady_clock::duration timeout);

/// failure::invalid for an endpoint or an API version that cannot be one, and for TLS files that cannot be
/// read: a start-up error. The client must outlive its calls, or end after the reactor has stopped.
result<std::unique_ptr<client>> make_client(boost::asio::any_io_executor executor, client_options options, logger& log);

}  // namespace nodescope::docker
