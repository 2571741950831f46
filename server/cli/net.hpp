// `nodescope net`: the network of a container, a pod, a process or the node on one screen.
#pragma once

#include "server/cli/answers.hpp"
#include "server/cli/command.hpp"
#include "server/cli/whose.hpp"

#include <chrono>
#include <string_view>
#include <vector>

namespace nodescope::cli {

struct net {
    static command_words words()
    {
        return {
            "net", "",
            "show a network on one screen: links and their other ends, addresses, routes, names, listeners, findings"};
    }
    std::vector<command_argument> arguments();
    [[nodiscard]] int run(const command_context& with) const;

    whose about;
    bool ip = false;
    bool route = false;
    bool nat = false;
    asking_options how;

private:
    [[nodiscard]] int print_screen(answers& from, std::chrono::milliseconds limit) const;
    [[nodiscard]] int print_text(answers& from, std::string_view key) const;
};

}  // namespace nodescope::cli
