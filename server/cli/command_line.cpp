// The only file with CLI11 in it. Options have no variables here: server/config assigns their texts, so that the
// compiler is spared CLI11's templates for each type of variable.
#include "server/cli/command_line.hpp"

#include "server/config/near_match.hpp"
#include "server/config/setting.hpp"

#include <fmt/format.h>

// CLI11 is a header of 9,000 lines with conversions our warnings do not accept; it is included as a system header.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <optional>

namespace nodescope::cli {

namespace {

using texts = std::vector<std::string>;
using shape = setting_definition::shape;

CLI::Option* add_text(CLI::App& app, const std::string& name, const std::string& about, const std::string& form)
{
    return app.add_option(name, CLI::callback_t(), about)->type_name(form);
}

CLI::Option* add_flag(CLI::App& app, const std::string& name, const std::string& about)
{
    return app.add_flag(name)->description(about);
}

CLI::Option* add_setting(CLI::App& app, const setting_definition& one)
{
    const std::string name = "--" + one.key;
    app.option_defaults()->group(one.group);
    if (one.kind == shape::flag) return add_flag(app, name, one.about);
    CLI::Option* const made = add_text(app, name, one.about, one.form)->default_str(one.default_text);
    return one.kind == shape::list ? made->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args()
                                   : made;
}

/// A command, and where CLI11 keeps what was said of it.
struct defined_command {
    CLI::App* word = nullptr;
    CLI::Option* flag = nullptr;
    std::vector<CLI::Option*> arguments;

    [[nodiscard]] bool is_named() const
    {
        return (word != nullptr && word->parsed()) || (flag != nullptr && flag->count() > 0 && flag->as<bool>());
    }
};

void add_arguments(defined_command& to, const std::vector<command_argument>& arguments)
{
    for (const command_argument& one : arguments) {
        const bool is_flag = std::holds_alternative<bool*>(one.value);
        const bool is_list = std::holds_alternative<texts*>(one.value);
        CLI::Option* const made = is_flag ? add_flag(*to.word, one.name, one.about)
                                          : add_text(*to.word, one.name, one.about, "TEXT")->required(one.required);
        if (is_list) made->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
        to.arguments.push_back(made);
    }
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        for (const std::string& needed : arguments[i].needs) to.arguments[i]->needs(to.word->get_option(needed));
    }
}

void assign(const command_argument::target& to, const CLI::Option& given)
{
    if (auto* const* const flag = std::get_if<bool*>(&to)) **flag = given.as<bool>();
    else if (auto* const* const list = std::get_if<texts*>(&to)) **list = given.results();
    else *std::get<std::string*>(to) = given.results().front();
}

defined_command define(CLI::App& app, const described_command& one)
{
    defined_command made;
    app.option_defaults()->group("Options");
    if (!one.words.flag.empty()) made.flag = add_flag(app, one.words.flag, one.words.about);
    if (one.words.name.empty()) return made;
    made.word = app.add_subcommand(one.words.name, one.words.about);
    made.word->set_help_flag();
    add_arguments(made, one.arguments);
    return made;
}

/// The name in "--name" and "--name=value".
std::optional<std::string> flag_name(const std::string& word)
{
    if (!word.starts_with("--") || word.size() == 2) return std::nullopt;
    return word.substr(2, word.find('=') - 2);
}

/// A sentence about the first word that nothing here knows, with a near match.
std::optional<std::string> unknown_word(const CLI::App& app, const texts& words)
{
    texts flags;
    texts commands;
    const auto add_flags = [&flags](const CLI::App& of) {
        for (const CLI::Option* one : of.get_options()) {
            flags.insert(flags.end(), one->get_lnames().begin(), one->get_lnames().end());
        }
    };
    add_flags(app);
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        commands.push_back(command->get_name());
        add_flags(*command);
    }
    for (const std::string& word : words) {
        if (word == "--") break;  // what follows are no options
        const auto name = flag_name(word);
        if (!name || std::find(flags.begin(), flags.end(), *name) != flags.end()) continue;
        return fmt::format("there is no option --{}{}", *name, did_you_mean(*name, flags, "--"));
    }
    if (words.empty() || words[0].starts_with("-")) return std::nullopt;
    if (std::find(commands.begin(), commands.end(), words[0]) != commands.end()) return std::nullopt;
    return fmt::format("there is no command {}{}", words[0], did_you_mean(words[0], commands, ""));
}

}  // namespace

std::variant<command_line, early_exit> read_command_line(const std::vector<described_command>& commands,
                                                         const texts& words)
{
    CLI::App app("nodescope answers over HTTP what somebody asks of a sick Kubernetes node.", "nodescope");
    app.set_help_flag("-h,--help", "print this help");
    app.fallthrough();
    app.require_subcommand(0, 1);
    app.footer(
        "Each flag is also a NODESCOPE_* environment variable (--timeout-docker: NODESCOPE_TIMEOUT_DOCKER) and a key\n"
        "of the configuration file. Flags win over the environment, the environment over the file.");
    std::vector<defined_command> defined;
    defined.reserve(commands.size());
    for (const described_command& one : commands) defined.push_back(define(app, one));
    const CLI::Option* const file =
        add_text(app, "--config", "TOML file with flags as keys [/etc/nodescope/config.toml if it exists]", "TEXT");
    std::vector<CLI::Option*> settings;
    for (const setting_definition& one : setting_definitions()) settings.push_back(add_setting(app, one));

    if (const auto unknown = unknown_word(app, words)) return early_exit{1, *unknown};
    try {
        app.parse(texts(words.rbegin(), words.rend()));  // CLI11 takes them last first
    } catch (const CLI::CallForHelp&) {
        return early_exit{0, app.help()};
    } catch (const CLI::ParseError& wrong) {
        return early_exit{1, wrong.what()};
    }

    command_line line;
    for (std::size_t i = 0; i < defined.size(); ++i) {
        if (defined[i].is_named()) line.command = i;
    }
    const auto& arguments = commands[line.command].arguments;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const CLI::Option& given = *defined[line.command].arguments[i];
        if (given.count() > 0) assign(arguments[i].value, given);
    }
    for (std::size_t i = 0; i < settings.size(); ++i) {
        if (settings[i]->count() > 0) line.given.push_back({setting_definitions()[i].key, settings[i]->results(), ""});
    }
    if (file->count() > 0) line.config_file = file->results().front();
    return line;
}

}  // namespace nodescope::cli
