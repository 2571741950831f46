#include "server/config/config.hpp"

#include "server/config/config_layers.hpp"
#include "server/config/setting.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

#include <unistd.h>

namespace nodescope {

namespace {

using shape = setting_definition::shape;

std::string host_name()
{
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

/// A default as TOML writes it.
std::string toml_default(const setting_definition& one)
{
    const std::string& text = one.default_text;
    if (one.kind == shape::flag) return "false";
    if (one.kind == shape::list) {
        return text.empty() ? "[]" : fmt::format("[\"{}\"]", text.substr(1, text.size() - 2));
    }
    const bool number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    return number ? text : fmt::format("\"{}\"", text);
}

result<void> assign(configuration& to, const setting_definition& one, const given_value& given)
{
    const auto assigned = one.kind == shape::value && given.texts.size() != 1
                              ? result<void>(error(failure::invalid, "there is one value, not several"))
                              : one.assign(to, given.texts);
    if (assigned) return {};
    const std::string place = given.source.empty() ? std::string() : given.source + ": ";
    return error(failure::invalid, fmt::format("{}--{}: {}", place, one.key, assigned.error().message()));
}

}  // namespace

result<configuration> make_configuration(const std::vector<given_value>& given,
                                         const std::vector<std::string>& environment, bool stderr_is_terminal)
{
    configuration config;
    config.format = stderr_is_terminal ? log_format::text : log_format::json;
    for (const setting_definition& one : setting_definitions()) {
        const auto found =
            std::find_if(given.begin(), given.end(), [&](const given_value& value) { return value.key == one.key; });
        if (found == given.end()) {
            config.settings.push_back({one.key, one.default_text, {}});
            continue;
        }
        if (auto assigned = assign(config, one, *found); !assigned) return assigned.error();
        config.settings.push_back({one.key, fmt::format("{}", fmt::join(found->texts, ",")), found->source});
    }
    if (config.docker_host.empty()) config.docker_host = lookup(environment, "DOCKER_HOST").value_or("");
    if (config.node_name.empty()) config.node_name = lookup(environment, "NODE_NAME").value_or("");
    if (config.node_name.empty()) config.node_name = host_name();
    return config;
}

std::string defaults_text()
{
    std::string text =
        "# Configuration of nodescope. Every key stands here with its default; take the # away to change one.\n"
        "# Flags (--key) win over the environment (NODESCOPE_KEY), and that over this file. Durations are written\n"
        "# \"250ms\", \"5s\", \"2m\"; sizes 4096, \"8KiB\", \"4MiB\". Keys marked [reload] are taken over while the "
        "service\n"
        "# runs (systemctl reload nodescope), the others when it starts. nodescope --check-config reads this file.\n";
    std::string_view group;
    for (const setting_definition& one : setting_definitions()) {
        if (one.group != group) {
            group = one.group;
            text += fmt::format("\n# ---- {} ----\n", group);
        }
        text += fmt::format("\n# {}{}\n#{} = {}\n", one.about, one.reloadable ? " [reload]" : "", one.key,
                            toml_default(one));
    }
    return text;
}

std::string with_source(const configuration& config, std::string message)
{
    constexpr std::size_t telling = 4;  // shorter values stand in many a sentence by chance
    for (const setting& one : config.settings) {
        if (one.source.empty() || one.value.size() < telling || message.find(one.value) == std::string::npos) continue;
        return fmt::format("{}: {}", one.source, message);
    }
    return message;
}

changed_keys take_over(configuration& running, configuration fresh)
{
    changed_keys changed;
    const auto& definitions = setting_definitions();
    for (std::size_t i = 0; i < definitions.size(); ++i) {
        if (running.settings[i].value == fresh.settings[i].value) continue;
        if (!definitions[i].reloadable) {
            changed.need_restart.push_back(definitions[i].key);
            continue;
        }
        changed.taken_over.push_back(definitions[i].key);
        definitions[i].copy(running, fresh);
        running.settings[i] = std::move(fresh.settings[i]);
    }
    return changed;
}

}  // namespace nodescope
