#include "collectors/runtime/docker/engine_failure.hpp"

#include "collectors/runtime/docker/replies.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace nodescope::docker {

using http_client::phase;

error failed_round_trip(engine_kind of, const http_client::server_address& where, std::string_view operation,
                        const http_client::round_trip_failure& why)
{
    const bool never_connected =
        why.where == phase::resolve || why.where == phase::connect || why.where == phase::tls_handshake;
    if (never_connected && why.kind == failure::denied) {
        return error(failure::denied,
                     fmt::format("Permission denied while trying to connect to {} at {} as uid {}, gid {}",
                                 of == engine_kind::podman ? "Podman" : "the Docker daemon", where.text, ::geteuid(),
                                 ::getegid()));
    }
    if (never_connected && why.kind == failure::unavailable) {
        // The sentence every Docker user knows. For a socket it says all; a network has more ways to fail.
        const bool more = where.to.kind != http_client::endpoint::transport::unix_socket;
        const std::string reason = more ? fmt::format(" ({})", why.message) : std::string();
        if (of == engine_kind::podman) {
            return error(failure::unavailable, fmt::format("Cannot connect to Podman at {}. Does its service run "
                                                           "(podman.socket)?{}",
                                                           where.text, reason));
        }
        return error(failure::unavailable,
                     fmt::format("Cannot connect to the Docker daemon at {}. Is the docker daemon running?{}",
                                 where.text, reason));
    }
    return error(why.kind, fmt::format("{}: {}", operation, why.message));
}

error failed_answer(std::string_view operation, unsigned status, std::string_view body)
{
    if (status < 300) {
        return error(failure::malformed, fmt::format("{}: the daemon answered {} instead of 200", operation, status));
    }
    if (status < 400) {
        return error(
            failure::malformed,
            fmt::format("{}: the daemon answered with a redirect ({}), which is never followed", operation, status));
    }
    const failure kind = status == 404 ? failure::gone : status == 409 ? failure::conflict : failure::failed;
    return error(kind, fmt::format("{}: the daemon answered {}: {}", operation, status, engine_message(body)));
}

error malformed_answer(std::string_view operation, std::string_view why)
{
    return error(failure::malformed, fmt::format("{}: the daemon's answer is not usable: {}", operation, why));
}

}  // namespace nodescope::docker
