// `nodescope collect`: the answer of a processor, taken out of the string that it is wrapped in.
#pragma once

#include "server/cli/answers.hpp"
#include "server/cli/command.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nodescope::cli {

/// "id=web", "name=a=b" as a JSON object of strings; failure::invalid for what has no '='.
result<std::string> parameters_json(const std::vector<std::string>& pairs);

/// What the values of a processor's answer hold: a string decoded, anything else as it is; several behind their keys.
std::string unwrapped(std::string_view answer);

struct collect {
    static command_words words()
    {
        return {"collect", "", "print the answer of a processor: collect netInfoCollector id=web"};
    }
    std::vector<command_argument> arguments();
    [[nodiscard]] int run(const command_context& with) const;

    std::string processor;
    std::vector<std::string> parameters;
    asking_options how;
};

}  // namespace nodescope::cli
