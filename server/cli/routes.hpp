// `nodescope routes`: the table of routes that a service with this configuration would answer.
#pragma once

#include "server/cli/command.hpp"
#include "server/run/application.hpp"

#include <cstdio>

namespace nodescope::cli {

struct routes {
    static command_words words()
    {
        return {"routes", "", "print what serve would answer, and who may ask; needs no rights"};
    }
    [[nodiscard]] int run(const command_context& with) const
    {
        const auto text = routes_text(with.config);
        if (text) return std::fputs(text->c_str(), stdout) < 0 ? 1 : 0;
        std::fprintf(stderr, "nodescope: %s\n", text.error().message().c_str());
        return 1;
    }
};

}  // namespace nodescope::cli
