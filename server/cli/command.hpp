// What a command of the program is made of. One more is a file with a type that has
//     static command_words words();
//     int run(const command_context&) const;                  its exit code
//     std::vector<command_argument> arguments();              if it takes any; they point into the object
// and its name in server/cli/commands.hpp.
#pragma once

#include "server/config/config.hpp"

#include <functional>
#include <string>
#include <vector>

namespace nodescope::cli {

struct command_words {
    std::string name;   ///< "ask", as the first word of the command line; empty: a flag alone
    std::string flag;   ///< "--version"; empty: a word alone
    std::string about;  ///< the line of --help
    bool wants_configuration = true;
};

struct command_argument {
    std::string name;  ///< "path", "--server"
    std::string* value = nullptr;
    std::string about;
    bool required = false;
    std::vector<std::string> needs;  ///< other arguments, without which it makes no sense
};

struct command_context {
    const configuration& config;
    /// The configuration as the same command line gives it later.
    std::function<result<configuration>()> reread;
};

}  // namespace nodescope::cli
