#include "server/config/config.hpp"

#include "core/ascii.hpp"
#include "core/text.hpp"
#include "server/config/config_file.hpp"
#include "server/config/near_match.hpp"
#include "server/config/setting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace nodescope {

namespace {

using shape = setting_definition::shape;

constexpr const char* default_config_file = "/etc/nodescope/config.toml";
constexpr std::string_view environment_prefix = "NODESCOPE_";

/// "--timeout-docker" → "NODESCOPE_TIMEOUT_DOCKER"
std::string environment_name(std::string_view flag)
{
    std::string name(environment_prefix);
    for (const char c : flag) name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

/// A variable of `environment`. An empty one counts as not set, so that `NODESCOPE_KUBECONFIG=` in a unit or a manifest
/// takes it back.
std::optional<std::string> lookup(const std::vector<std::string>& environment, std::string_view name)
{
    for (const std::string& entry : environment) {
        if (entry.size() > name.size() + 1 && entry.starts_with(name) && entry[name.size()] == '=') {
            return entry.substr(name.size() + 1);
        }
    }
    return std::nullopt;
}

/// Empty where there is none to read.
std::string config_file_path(const std::string& given, const std::vector<std::string>& environment)
{
    if (!given.empty()) return given;
    std::string path = lookup(environment, "NODESCOPE_CONFIG").value_or("");
    if (!path.empty()) return path;
    // A file that we may not read counts as present: it must not be passed over in silence.
    const bool absent = ::access(default_config_file, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
    return absent ? std::string() : default_config_file;
}

/// Adds the values of the environment, then those of the file; a key that has a value already keeps it.
result<void> add_values_behind(std::vector<given_value>& given, const std::vector<std::string>& environment,
                               const std::string& file)
{
    std::vector<std::string> keys;
    for (const setting_definition& one : setting_definitions()) keys.push_back(one.key);
    const auto is_free = [&given](const std::string& key) {
        return std::none_of(given.begin(), given.end(), [&](const given_value& one) { return one.key == key; });
    };
    for (const std::string& key : keys) {
        const std::string name = environment_name(key);
        if (auto value = lookup(environment, name); value && is_free(key)) given.push_back({key, {*value}, name});
    }
    if (file.empty()) return {};
    auto settings = read_config_file(file);
    if (!settings) return settings.error();
    for (file_setting& one : *settings) {
        const std::string place = fmt::format("{}:{}", file, one.line);
        if (std::find(keys.begin(), keys.end(), one.key) == keys.end()) {
            return error(failure::invalid,
                         fmt::format("{}: there is no key \"{}\"{}", place, one.key, did_you_mean(one.key, keys, "")));
        }
        std::erase(one.values, "");
        if (!one.values.empty() && is_free(one.key)) given.push_back({one.key, std::move(one.values), place});
    }
    return {};
}

/// As the kubelet registers its node: in lower case (GetHostname in pkg/util/node).
std::string host_name()
{
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? lower_case(name.data()) : std::string();
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

result<configuration> read_configuration(std::vector<given_value> given, const std::string& file,
                                         const std::vector<std::string>& environment, bool stderr_is_terminal)
{
    const auto added = add_values_behind(given, environment, config_file_path(file, environment));
    if (!added) return added.error();
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
        config.settings.push_back({one.key, joined(found->texts, ","), found->source});
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
