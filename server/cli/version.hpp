// `nodescope version`, `nodescope --version`.
#pragma once

#include "server/cli/command.hpp"

#include <cstdio>

namespace nodescope::cli {

struct version {
    static command_words words() { return {"version", "--version", "print the version", false}; }
    static std::string text() { return "nodescope " NODESCOPE_VERSION "\n"; }
    [[nodiscard]] int run(const command_context&) const { return std::fputs(text().c_str(), stdout) < 0 ? 1 : 0; }
};

}  // namespace nodescope::cli
