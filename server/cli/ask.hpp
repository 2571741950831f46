// `nodescope ask`: the other end of the service's own address, for an image without curl.
#pragma once

#include "server/cli/asked_service.hpp"
#include "server/cli/command.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace nodescope::cli {

/// Asks, and prints the body of a 2xx answer to standard output, or else why there is none to standard error. Returns
/// the exit code, 0 or 1.
/// An empty server is the one that the configuration listens on. Blocking, as blocking_ask().
int put(question what, const configuration& config, std::chrono::milliseconds limit);

struct ask {
    static command_words words() { return {"ask", "", "ask the running service, and print the answer"}; }
    std::vector<command_argument> arguments();
    [[nodiscard]] int run(const command_context& with) const;

    question what;
};

}  // namespace nodescope::cli
