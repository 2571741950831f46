// `nodescope --print-defaults`: what systemd/config.toml is made of.
#pragma once

#include "server/cli/command.hpp"

#include <cstdio>

namespace nodescope::cli {

struct print_defaults {
    static command_words words()
    {
        return {"", "--print-defaults", "print a configuration file with every key and its default", false};
    }
    [[nodiscard]] int run(const command_context&) const
    {
        return std::fputs(defaults_text().c_str(), stdout) < 0 ? 1 : 0;
    }
};

}  // namespace nodescope::cli
