#include "server/cli/complete.hpp"

#include "core/text_scan.hpp"
#include "server/cli/answers.hpp"
#include "server/cli/figures.hpp"
#include "server/cli/invocation.hpp"
#include "server/cli/json_value.hpp"
#include "server/config/setting.hpp"

#include <algorithm>
#include <string_view>

namespace nodescope::cli {

namespace {

/// "-a,--all" as the long one.
std::string_view long_name(std::string_view name)
{
    return name.substr(name.find(',') == std::string_view::npos ? 0 : name.find(',') + 1);
}

const described_command* command_called(const std::vector<described_command>& commands, std::string_view name)
{
    const auto found = std::ranges::find_if(commands, [&](const auto& one) { return one.words.name == name; });
    return name.empty() || found == commands.end() ? nullptr : &*found;
}

/// Of the options of a command the one that the word is.
const command_argument* option_called(const described_command& command, std::string_view word)
{
    const auto found = std::ranges::find_if(
        command.arguments, [&](const auto& one) { return word.starts_with("--") && long_name(one.name) == word; });
    return found == command.arguments.end() ? nullptr : &*found;
}

bool takes_value(const command_argument* option)
{
    return option != nullptr && !std::holds_alternative<bool*>(option->value);
}

/// How many words that are neither options nor their values stand before the last one.
std::size_t positionals_before(const described_command& command, const std::vector<std::string>& typed)
{
    std::size_t count = 0;
    for (std::size_t i = 1; i + 1 < typed.size(); ++i) {
        const bool is_value = takes_value(option_called(command, typed[i - 1]));
        if (!typed[i].starts_with("-") && !is_value) ++count;
    }
    return count;
}

std::vector<std::string> names_of_containers(const configuration& config)
{
    std::vector<std::string> names;
    const auto from = find_answers(asking_options(), config);
    if (!from) return names;
    const auto body = blocking_body(**from, "/v1/containers?processes=false");
    if (!body) return names;
    for (const json_value& one : json_value::of_document(*body)["containers"].elements()) {
        if (one.at("pod/sandbox").is_true()) continue;
        const std::string name = one["name"].text();
        if (!name.empty()) names.push_back(name);
        names.push_back(one["id"].text().substr(0, short_id_length));
    }
    return names;
}

std::vector<std::string> names_of_processors(const configuration& config)
{
    std::vector<std::string> names;
    const auto table = routes_text(config);
    if (!table) return names;
    constexpr std::string_view prefix = "/processor/";
    for_each_part(*table, '\n', [&](std::string_view line) {
        const std::size_t begin = line.find(prefix);
        if (begin != std::string_view::npos) {
            const std::string_view rest = line.substr(begin + prefix.size());
            names.emplace_back(rest.substr(0, rest.find(' ')));
        }
        return true;
    });
    return names;
}

}  // namespace

std::vector<std::string> completions(const std::vector<described_command>& commands,
                                     const std::vector<std::string>& typed,
                                     const std::function<std::vector<std::string>()>& containers,
                                     const std::function<std::vector<std::string>()>& processors)
{
    const std::string last = typed.empty() ? std::string() : typed.back();
    std::vector<std::string> all;
    const described_command* const meant = typed.size() > 1 ? command_called(commands, typed.front()) : nullptr;
    const bool option = last.starts_with("-");
    if (meant == nullptr && typed.size() <= 1) {
        for (const described_command& one : commands) {
            const std::string& word = option ? one.words.flag : one.words.name;
            if (!word.empty()) all.push_back(word);
        }
    }
    if (meant != nullptr && option) {
        for (const command_argument& one : meant->arguments) {
            const std::string_view name = long_name(one.name);
            if (name.starts_with("--")) all.emplace_back(name);
        }
    } else if (meant != nullptr && !takes_value(option_called(*meant, typed[typed.size() - 2]))) {
        const std::size_t before = positionals_before(*meant, typed);
        const auto has = [&](std::string_view name) {
            return std::ranges::find(meant->arguments, name, &command_argument::name) != meant->arguments.end();
        };
        if (before == 0 && has("reference")) all = containers();
        else if (before == 0 && has("processor")) all = processors();
    }
    if (option) {
        all.emplace_back("--help");
        for (const setting_definition& one : setting_definitions()) all.push_back("--" + one.key);
    }
    std::erase_if(all, [&](const std::string& one) { return !one.starts_with(last); });
    return all;
}

int complete::run(const command_context& with) const
{
    const auto found = completions(
        described_commands(), typed, [&] { return names_of_containers(with.config); },
        [&] { return names_of_processors(with.config); });
    std::string text;
    for (const std::string& one : found) text += as_shown(one, true) + '\n';
    return print(text);
}

}  // namespace nodescope::cli
