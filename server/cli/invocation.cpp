#include "server/cli/invocation.hpp"

#include <algorithm>
#include <utility>

namespace nodescope::cli {

namespace {

template <std::size_t... Index>
std::vector<command> every_command(std::index_sequence<Index...>)
{
    return {command(std::in_place_index<Index>)...};
}

described_command describe(command& one)
{
    return std::visit(
        [](auto& kind) {
            described_command said{kind.words(), {}};
            if constexpr (requires { kind.arguments(); }) said.arguments = kind.arguments();
            return said;
        },
        one);
}

/// With what the command that the words name exits where it can do nothing: also where it is asked wrongly.
int failure_code(const std::vector<std::string>& words, const std::vector<described_command>& commands)
{
    for (const std::string& word : words) {
        const auto named = std::ranges::find_if(commands, [&](const auto& one) { return one.words.name == word; });
        if (!word.empty() && named != commands.end()) return named->words.failure_code;
    }
    return 1;
}

}  // namespace

std::vector<described_command> described_commands()
{
    auto commands = every_command(std::make_index_sequence<std::variant_size_v<command>>());
    std::vector<described_command> described;
    described.reserve(commands.size());
    for (command& one : commands) described.push_back(describe(one));
    return described;
}

std::variant<invocation, early_exit> parse_command_line(const std::vector<std::string>& words,
                                                        const std::vector<std::string>& environment,
                                                        bool stderr_is_terminal)
{
    auto commands = every_command(std::make_index_sequence<std::variant_size_v<command>>());
    std::vector<described_command> described;
    described.reserve(commands.size());
    for (command& one : commands) described.push_back(describe(one));
    auto read = read_command_line(described, words);
    if (auto* const leave = std::get_if<early_exit>(&read)) {
        if (leave->code != 0) leave->code = failure_code(words, described);
        return *leave;
    }
    auto& line = std::get<command_line>(read);

    invocation made{std::move(commands[line.command]), {}};
    if (!described[line.command].words.wants_configuration) return made;
    auto config = read_configuration(std::move(line.given), line.config_file, environment, stderr_is_terminal);
    if (!config) return early_exit{described[line.command].words.failure_code, config.error().message()};
    made.config = std::move(*config);
    return made;
}

}  // namespace nodescope::cli
