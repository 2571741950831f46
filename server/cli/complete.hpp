// `nodescope complete`: what the shells' completions ask (share/ has them): the words that may stand where somebody
// types.
#pragma once

#include "server/cli/command.hpp"
#include "server/cli/command_line.hpp"

#include <functional>
#include <string>
#include <vector>

namespace nodescope::cli {

/// What the last of `typed` may become, an empty one included. `typed` is what stands behind the program's name.
/// `containers` and `processors` give names, and are asked only where one may stand.
std::vector<std::string> completions(const std::vector<described_command>& commands,
                                     const std::vector<std::string>& typed,
                                     const std::function<std::vector<std::string>()>& containers,
                                     const std::function<std::vector<std::string>()>& processors);

struct complete {
    static command_words words() { return {"complete", "", "print what may stand where somebody types; for shells"}; }
    std::vector<command_argument> arguments() { return {{"typed", &typed, "what is typed already", false, {}}}; }
    [[nodiscard]] int run(const command_context& with) const;

    std::vector<std::string> typed;
};

}  // namespace nodescope::cli
