// All commands, in the order of --help. Where a command line names several (`routes --check-config`), the last one here
// is meant; where it names none, the first one.
#pragma once

#include "server/cli/ask.hpp"
#include "server/cli/check_config.hpp"
#include "server/cli/healthcheck.hpp"
#include "server/cli/print_defaults.hpp"
#include "server/cli/routes.hpp"
#include "server/cli/serve.hpp"
#include "server/cli/version.hpp"

#include <variant>

namespace nodescope::cli {

using command = std::variant<serve, version, routes, print_defaults, check_config, healthcheck, ask>;

}  // namespace nodescope::cli
