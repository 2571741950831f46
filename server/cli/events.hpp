// `nodescope events`: containers that start and end, and processes killed for their memory, as they come.
#pragma once

#include "server/cli/answers.hpp"
#include "server/cli/command.hpp"
#include "server/cli/json_value.hpp"
#include "server/cli/screen.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::cli {

/// What people call the cgroups that events are about. It keeps who has ended.
class cgroup_names {
public:
    /// An answer of /v1/containers.
    void learn(const json_value& listing);
    /// The list of a runtime, Docker's or one made as Docker makes it: it has those that ended at once, too.
    void learn_of_runtime(const json_value& list);
    /// Nothing more is to be learned about it.
    [[nodiscard]] bool knows(std::string_view cgroup) const { return !name_of(cgroup).empty(); }
    /// It is a container, and not a service, a pod's or one within a container.
    [[nodiscard]] bool is_container(std::string_view cgroup) const;
    /// How it ended, where only its runtime's list says so.
    [[nodiscard]] std::optional<std::uint64_t> exit_code(std::string_view cgroup) const;
    /// "app in default/web-0", the name with what is below its cgroup, the beginning of an id, or the cgroup itself.
    [[nodiscard]] std::string called(std::string_view cgroup) const;

private:
    [[nodiscard]] std::string name_of(std::string_view cgroup) const;

    static constexpr std::size_t most = 4'096;                      ///< who has ended is forgotten then
    std::map<std::string, std::uint64_t, std::less<>> exit_codes_;  // by ids
    std::map<std::string, std::string, std::less<>> names_;         // by cgroups, and by ids; empty: it has none yet
};

/// One event of cAdvisor's API as a line with its end, in local time. Nothing where a cgroup comes or goes that is no
/// container.
std::string event_line(const json_value& event, const cgroup_names& names, const screen& on);

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
