// `nodescope ps`: the containers of every runtime in one table.
#pragma once

#include "server/cli/answers.hpp"
#include "server/cli/command.hpp"
#include "server/cli/json_value.hpp"
#include "server/cli/screen.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nodescope::cli {

struct list_choice {
    bool all = false;  ///< sandboxes of pods, and containers that have ended, too
    std::string pod;   ///< "NAMESPACE/NAME"; empty: of every pod and of none
};

/// `before` is an earlier answer, for what is used each second; `stopped` is a runtime's list of all that it has. Both
/// may be the value that is not there.
std::string containers_text(const json_value& before, const json_value& now, const json_value& stopped,
                            const list_choice& which, std::int64_t now_s, const screen& on);

struct ps {
    static command_words words() { return {"ps", "", "list the containers of every runtime, and what they use"}; }
    std::vector<command_argument> arguments();
    [[nodiscard]] int run(const command_context& with) const;

    list_choice which;
    asking_options how;
};

}  // namespace nodescope::cli
