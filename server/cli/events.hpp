// `nodescope events`: containers that start and end, and processes killed for their memory, as they come.
#pragma once

#include "server/cli/answers.hpp"
#include "server/cli/command.hpp"
#include "server/cli/json_value.hpp"
#include "server/cli/screen.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nodescope::cli {

/// One event of cAdvisor's API as a line with its end.
std::string event_line(const json_value& event, const screen& on);

/// Whole lines out of pieces that end anywhere.
class line_splitter {
public:
    /// Calls `visit` with each line that is complete, without its end.
    template <class Visit>
    void take(std::string_view piece, const Visit& visit)
    {
        kept_ += piece;
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = kept_.find('\n', begin)) != std::string::npos; begin = end + 1) {
            visit(std::string_view(kept_).substr(begin, end - begin));
        }
        kept_.erase(0, begin);
        if (kept_.size() > longest) kept_.clear();
    }

private:
    static constexpr std::size_t longest = 1U << 20U;  ///< bytes; an event has some hundreds
    std::string kept_;
};

struct events {
    static command_words words()
    {
        return {"events", "",
                "show containers that start and end, and processes killed for their memory, as they come"};
    }
    std::vector<command_argument> arguments() { return how.arguments(); }
    [[nodiscard]] int run(const command_context& with) const;

    asking_options how;
};

}  // namespace nodescope::cli
