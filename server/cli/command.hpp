// What a command of the program is made of. One more is a type in server/cli/commands.hpp, and a name in the list
// there, that has
//     static command_words words();
//     int run(const command_context&) const;                  its exit code
//     std::vector<command_argument> arguments();              if it takes any; they point into the object
#pragma once

#include "server/config/config.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace nodescope::cli {

struct command_words {
    std::string name;   ///< "ask", as the first word of the command line; empty: a flag alone
    std::string flag;   ///< "--version"; empty: a word alone
    std::string about;  ///< the line of --help
    bool wants_configuration = true;
    int failure_code = 1;  ///< what it exits with where it can do nothing
};

struct command_argument {
    /// Where what is given goes: a text, that a flag is there, or all of a list.
    using target = std::variant<std::string*, bool*, std::vector<std::string>*>;
    std::string name;  ///< "path", "--server", "-a,--all"
    target value;
    std::string about;
    bool required = false;
    std::vector<std::string> needs;  ///< other arguments, without which it makes no sense
};

struct command_context {
    const configuration& config;
    /// The configuration as the same command line gives it later.
    std::function<result<configuration>()> reread;
};

/// Prints `text` to standard output, all of it, or says why that cannot be. Gives the exit code.
int print(const std::string& text);

/// What came from outside, for a terminal, which would take control characters for orders: escaped except for the ends
/// of lines and tabs. Elsewhere it stays as it is.
std::string as_shown(std::string_view text, bool to_terminal);

/// Says on standard error why there is nothing to print. Gives the exit code.
int fail(const std::string& why);

}  // namespace nodescope::cli
