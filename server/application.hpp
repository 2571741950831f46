// The running service: builds everything from the configuration, hands references down, runs the reactor, drains.
#pragma once

#include "server/config.hpp"

namespace nodescope {

/// Runs until SIGTERM or SIGINT and a drained server; a second signal ends at once. Gives the exit code: 0 after a
/// clean stop, 1 when it could not start (the reason is logged).
int run_application(const configuration& config);

}  // namespace nodescope
