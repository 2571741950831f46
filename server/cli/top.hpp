// `nodescope top`: what the containers use, live.
#pragma once

#include "server/cli/answers.hpp"
#include "server/cli/command.hpp"
#include "server/cli/json_value.hpp"
#include "server/cli/screen.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::cli {

enum class usage_order { cpu, memory, network, io };

/// "cpu", "mem", "net", "io".
std::optional<usage_order> usage_order_called(std::string_view word);

struct top_choice {
    usage_order order = usage_order::cpu;
    bool reversed = false;
    std::string filter;  ///< a part of a name, a pod or an image
};

/// What is shown of two answers of /v1/containers: two lines about the node, the head of a table, and a line for each
/// container, the one that uses the most first. On a terminal with bars, and with an arrow at what is sorted by.
struct top_lines {
    std::string node;
    std::string pressure;  ///< empty where the kernel does not tell it
    std::string head;
    std::vector<std::string> rows;
    std::vector<std::string> ids;  ///< of the containers, in the order of `rows`
};
top_lines top_of(const json_value& before, const json_value& now, const top_choice& how, const screen& on);

/// Shows it on the terminal and obeys keys until `q`. False where it does not know how to draw on this terminal.
bool run_top_screen(answers& from, top_choice how);

struct top {
    static command_words words()
    {
        return {"top", "", "show what the containers use, live; plain text where there is no terminal"};
    }
    std::vector<command_argument> arguments();
    [[nodiscard]] int run(const command_context& with) const;

    bool once = false;
    std::string sort = "cpu";
    std::string filter;
    asking_options how;
};

}  // namespace nodescope::cli
