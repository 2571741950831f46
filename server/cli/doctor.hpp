// `nodescope doctor`: what is wrong with the network of a container, of the node, or of all of them.
#pragma once

#include "server/cli/answers.hpp"
#include "server/cli/command.hpp"
#include "server/cli/json_value.hpp"
#include "server/cli/screen.hpp"

#include <string>
#include <vector>

namespace nodescope::cli {

/// The findings, the most severe first as they come, with hints.
std::string findings_text(const json_value& answer, const screen& on);
/// Which rules were not asked, and what was cut.
std::string findings_remarks(const json_value& answer, const screen& on);

/// The exit code of `doctor` where it knows nothing.
inline constexpr int could_not_look = 3;

/// 0 without findings, 1 with warnings, 2 with errors; what is only for information does not count. could_not_look
/// where no rule could be asked.
int findings_code(const json_value& answer);

struct doctor {
    static command_words words()
    {
        return {
            "doctor", "",
            "say what is wrong with the network of a container, of the node (without a name) or of all; exits with 0 "
            "if nothing is, 1 for warnings, 2 for errors, 3 if it could not look",
            true, could_not_look};
    }
    std::vector<command_argument> arguments();
    [[nodiscard]] int run(const command_context& with) const;

    std::string reference;
    bool node = false;
    bool all_of_them = false;
    asking_options how;
};

}  // namespace nodescope::cli
