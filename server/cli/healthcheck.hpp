// `nodescope --healthcheck`: whether the running service is alive, for an image without curl.
#pragma once

#include "server/cli/ask.hpp"
#include "server/cli/command.hpp"

#include <chrono>

namespace nodescope::cli {

struct healthcheck {
    static command_words words()
    {
        return {"", "--healthcheck", "ask the running service whether it is alive, and exit with 0 or 1"};
    }
    [[nodiscard]] int run(const command_context& with) const
    {
        question what;
        what.path = "/healthz";
        // Whether somebody is alive is told at once.
        return put(what, with.config, std::chrono::seconds(5));
    }
};

}  // namespace nodescope::cli
