// A question to a running service, over its Unix socket, TCP or TLS.
#pragma once

#include "core/error.hpp"
#include "server/config/config.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace nodescope::cli {

struct question {
    std::string server;  ///< "http://host:port", "https://host:port" or "unix:/path"
    std::string path;
    std::string body;  ///< POSTed as JSON; empty: GET
    // Paths of PEM files. Without a CA the server's certificate is not verified: it is our own address, and nothing
    // secret is sent.
    std::string ca_file;
    std::string certificate_file;
    std::string key_file;
};

/// An answer may take as long as the service lets it, and has to travel.
inline constexpr std::chrono::seconds time_to_travel{5};

/// The status and the body of the answer, whatever the status.
struct service_answer {
    unsigned status = 0;
    std::string body;
};

/// The address that the configuration listens on, as it is reached from the same machine: a wildcard becomes loopback.
/// failure::invalid for a port that only the kernel knows.
result<std::string> own_server(const configuration& config);

/// Blocking, for the main thread of a process that does nothing else: where a lookup of a name hangs, its thread stays
/// until the process ends. Nothing is asked of who is neither root nor the service's user, unless a CA says who it is.
result<service_answer> blocking_ask(const question& what, std::chrono::milliseconds limit);

/// Hands on the pieces of a 2xx answer as they come, until the server ends it or `take` gives false.
result<void> blocking_follow(const question& what, const std::function<bool(std::string_view)>& take);

}  // namespace nodescope::cli
