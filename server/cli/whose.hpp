// Whose network a command is about, as it is said on the command line and asked of the API.
#pragma once

#include "core/error.hpp"
#include "server/cli/command.hpp"

#include <string>
#include <vector>

namespace nodescope::cli {

struct whose {
    std::string reference;  ///< of a container
    std::string pod;        ///< "NAMESPACE/NAME"; with a reference, that container of it
    std::string pid;
    bool node = false;

    std::vector<command_argument> arguments();
    /// Exactly one is said.
    [[nodiscard]] result<void> check() const;
    /// "container=web": of /v1.
    [[nodiscard]] std::string query() const;
};

}  // namespace nodescope::cli
