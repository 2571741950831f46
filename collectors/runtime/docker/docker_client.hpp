// The Docker Engine API as this service uses it: a fixed set of reads, over the daemon's socket, each under a deadline.
// Podman answers through it as well.
#pragma once

#include "collectors/runtime/network_words.hpp"
#include "collectors/runtime/runtime.hpp"
#include "core/deadline.hpp"
#include "core/log.hpp"
#include "core/slots.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::docker {

enum class engine_kind { docker, podman };

/// What a runtime of that kind is called in answers, metrics and sentences.
constexpr std::string_view to_string(engine_kind kind) noexcept
{
    return kind == engine_kind::podman ? "podman" : "docker";
}

/// A body of the daemon, byte for byte except what was left out, shared between the askers of the same read.
struct engine_body {
    explicit engine_body(std::string t) : text(std::move(t)) {}
    std::string text;
    std::uint64_t left_out = 0;                    ///< labels and other strings that were too long to be kept
    std::shared_ptr<const slot_pool::slot> place;  ///< of a long one: another is read when this one is let go
};
using shared_body = std::shared_ptr<const engine_body>;

/// The runtime, and what the routes about the engine itself pass on as it is. name() is what was expected to answer,
/// container::runtime what did.
class client : public runtime, public network_words_source {
public:
    /// GET /containers/json?all=1, validated as a JSON array.
    virtual task<result<shared_body>> list_containers(deadline limit) = 0;
    /// GET /info, validated as a JSON object. Reused for one second.
    virtual task<result<shared_body>> info(deadline limit) = 0;
    /// Labels and other strings that were too long to be kept, since the start.
    [[nodiscard]] virtual std::uint64_t left_out() const noexcept = 0;
    /// What answers there: Podman's package for Docker's command listens where Docker does. What is expected, before
    /// the first answer.
    [[nodiscard]] virtual engine_kind kind() const noexcept = 0;
    /// Where it is asked now, as a person writes it: "unix:///run/podman/podman.sock".
    [[nodiscard]] virtual std::string endpoint() const = 0;
};

struct client_options {
    /// `t` bounds one round trip (--timeout-docker).
    explicit client_options(steady_clock::duration t) : timeout(t) {}
    engine_kind expected = engine_kind::docker;
    std::string host;                       ///< DOCKER_HOST spelling; empty: the first that exists of
    std::vector<std::string> usual;         ///< paths of sockets; none: /var/run/docker.sock
    std::vector<std::string> not_the_same;  ///< paths; what is the same file as one of `usual` is left to another
    bool only_usable = false;               ///< one of `usual` that may not be connected to counts as absent
    std::string api_version;                ///< DOCKER_API_VERSION; empty: negotiate
    bool tls = false;                       ///< DOCKER_TLS_VERIFY: tcp:// speaks TLS
    std::string certificate_directory;      ///< DOCKER_CERT_PATH with ca.pem, cert.pem, key.pem
    bool insecure_tcp = false;              ///< plain tcp:// beyond loopback is refused without it
    steady_clock::duration timeout;
};

/// What the variables DOCKER_API_VERSION, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say, read the way the docker command
/// reads them. The host is the configuration's, which knows DOCKER_HOST.
client_options options_from_environment(steady_clock::duration timeout);

/// Where the daemon listens unless it is told otherwise, and where a user's own does, in the order in which they are
/// looked for.
std::vector<std::string> usual_sockets();

/// failure::invalid for an endpoint or an API version that cannot be one, and for TLS files that cannot be
/// read: a start-up error. The client must outlive its calls, or end after the reactor has stopped. Long answers are
/// read on `workers`.
result<std::unique_ptr<client>> make_client(boost::asio::any_io_executor executor, worker_pool& workers,
                                            client_options options, logger& log);

}  // namespace nodescope::docker
