// `nodescope --check-config`: whether a service with this configuration would start.
#pragma once

#include "server/cli/command.hpp"
#include "server/run/application.hpp"

#include <cstdio>

namespace nodescope::cli {

struct check_config {
    static command_words words()
    {
        return {"", "--check-config", "read and check the configuration, then end: 0 if it is sound, else 1"};
    }
    [[nodiscard]] int run(const command_context& with) const
    {
        const auto checked = check_configuration(with.config);
        if (checked) return std::puts("the configuration is sound") < 0 ? 1 : 0;
        std::fprintf(stderr, "nodescope: %s\n", checked.error().message().c_str());
        return 1;
    }
};

}  // namespace nodescope::cli
