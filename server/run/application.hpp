// The running service: builds everything from the configuration, hands references down, runs the reactor, drains.
#pragma once

#include "core/error.hpp"
#include "server/config/config.hpp"

#include <functional>
#include <string>

namespace nodescope {

/// The configuration as the same command line gives it now. Called on a worker thread.
using configuration_reader = std::function<result<configuration>()>;

/// Runs until SIGTERM or SIGINT and a drained server; a second signal ends at once. SIGHUP takes over what changed in
/// the configuration, as far as a running service can, and nothing when it is broken. Gives the exit code: 0 after a
/// clean stop, 1 when it could not start (the reason is logged).
int run_application(const configuration& config, configuration_reader reread);

/// One line for each route that a service with this configuration has: method, path, what it gives. Binds nothing.
result<std::string> routes_text(const configuration& config);

/// --check-config: builds everything but binds nothing. The sentence says where the wrong value stands, if
/// that is known.
result<void> check_configuration(const configuration& config);

}  // namespace nodescope
