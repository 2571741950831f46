// The words of the command line: which command, with which arguments, and which settings. What the settings mean is
// server/config's business, and what the commands do is theirs.
#pragma once

#include "server/cli/command.hpp"

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace nodescope::cli {

struct described_command {
    command_words words;
    std::vector<command_argument> arguments;
};

struct command_line {
    std::size_t command = 0;         ///< the place in the list of the last one that is named, else the first one's
    std::vector<given_value> given;  ///< the settings
    std::string config_file;         ///< --config
};

/// The program should end: with 0 after printing `text`, else with `code`, and `text` is the sentence that says why.
struct early_exit {
    int code = 0;
    std::string text;
};

/// Reads the arguments of the program and writes to those of the command. Ends early for --help, and for what cannot be
/// understood.
std::variant<command_line, early_exit> read_command_line(const std::vector<described_command>& commands,
                                                         const std::vector<std::string>& words);

}  // namespace nodescope::cli
