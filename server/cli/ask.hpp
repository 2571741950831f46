// The other end of the service's own address: `nodescope ask` and `--healthcheck`, for an image without curl.
#pragma once

#include "core/error.hpp"
#include "server/cli/ask_connection.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace nodescope {

/// What to ask, and whom.
struct question {
    question() = default;
    explicit question(std::string p) : path(std::move(p)) {}
    std::string server;  ///< "http://host:port" or "https://host:port"; empty: the address the configuration listens on
    std::string path;
    std::string body;  ///< POSTed as JSON; empty: GET
    client_identity identity;
    std::chrono::milliseconds limit{5'000};
};

/// The URL of a service that listens on `address` (a --listen value) as it is reached from the same machine: a wildcard
/// becomes loopback. failure::invalid for what is no such value, or a port that only the kernel knows.
result<std::string> url_of_listener(const std::string& address, bool tls);

/// Asks, and prints the body of a 2xx answer to standard output, or else why there is none to standard error. Returns
/// the exit code, 0 or 1. Blocking, for the main thread of a process that does nothing else: when the limit passes, the
/// process ends with a sentence that names the phase. Without a CA the server's certificate is not verified: it is our
/// own address, and nothing secret is sent.
int ask(const question& what);

}  // namespace nodescope
