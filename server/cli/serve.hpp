// `nodescope serve`, and `nodescope` alone: the daemon.
#pragma once

#include "server/cli/command.hpp"
#include "server/run/application.hpp"

namespace nodescope::cli {

struct serve {
    static command_words words() { return {"serve", "", "run the service (also without a subcommand)"}; }
    [[nodiscard]] int run(const command_context& with) const { return run_application(with.config, with.reread); }
};

}  // namespace nodescope::cli
