// `nodescope path`: where a packet from a container to an address would go.
#pragma once

#include "server/cli/answers.hpp"
#include "server/cli/command.hpp"
#include "server/cli/json_value.hpp"
#include "server/cli/screen.hpp"

#include <string>
#include <vector>

namespace nodescope::cli {

/// "10.0.0.1", "10.0.0.1:53", "fd00::1", "[fd00::1]:53" as the parameters of /v1/path. Only the form is looked at.
std::string destination_query(const std::string& address);

/// The hops, a line each and what each has decided, and the sentence about all.
std::string hops_text(const json_value& answer, const screen& on);

struct path {
    static command_words words()
    {
        return {"path", "", "show hop by hop how a packet from a container (or --node) to an address would go"};
    }
    std::vector<command_argument> arguments();
    [[nodiscard]] int run(const command_context& with) const;

    std::string first;   ///< the container, or with --node or --pid the address
    std::string second;  ///< the address
    std::string pid;
    std::string protocol;
    bool node = false;
    asking_options how;
};

}  // namespace nodescope::cli
