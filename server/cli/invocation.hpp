// The command line as a command with its configuration.
#pragma once

#include "server/cli/command_line.hpp"
#include "server/cli/commands.hpp"

#include <string>
#include <variant>
#include <vector>

namespace nodescope::cli {

struct invocation {
    command what;
    configuration config;
};

/// All commands with their arguments, which point nowhere: for their names.
std::vector<described_command> described_commands();

/// `words` are the arguments of the program, `environment` is "NAME=value" each.
std::variant<invocation, early_exit> parse_command_line(const std::vector<std::string>& words,
                                                        const std::vector<std::string>& environment,
                                                        bool stderr_is_terminal);

}  // namespace nodescope::cli
