#include "server/config/config_layers.hpp"

#include "server/config/config_file.hpp"
#include "server/config/near_match.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <utility>

#include <unistd.h>

namespace nodescope {

namespace {

constexpr const char* default_config_file = "/etc/nodescope/config.toml";
constexpr std::string_view environment_prefix = "NODESCOPE_";

/// "--timeout-docker" → "NODESCOPE_TIMEOUT_DOCKER"
std::string environment_name(std::string_view flag)
{
    std::string name(environment_prefix);
    for (const char c : flag) name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

}  // namespace

std::optional<std::string> lookup(const std::vector<std::string>& environment, std::string_view name)
{
    for (const std::string& entry : environment) {
        if (entry.size() > name.size() + 1 && entry.starts_with(name) && entry[name.size()] == '=') {
            return entry.substr(name.size() + 1);
        }
    }
    return std::nullopt;
}

std::optional<std::string> flag_name(const std::string& argument)
{
    if (!argument.starts_with("--") || argument.size() == 2) return std::nullopt;
    return argument.substr(2, argument.find('=') - 2);
}

bool given(const std::vector<std::string>& arguments, const std::string& flag)
{
    return std::any_of(arguments.begin(), arguments.end(),
                       [&](const std::string& argument) { return flag_name(argument) == flag; });
}

const std::vector<std::string>& command_flags()
{
    static const std::vector<std::string> flags{"help",         "version",        "config",
                                                "check-config", "print-defaults", "healthcheck"};
    return flags;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known, std::string_view dashes)
{
    const std::string near = near_match(word, known);
    return near.empty() ? std::string() : fmt::format(", did you mean {}{}?", dashes, near);
}

std::string config_file_path(const std::vector<std::string>& arguments, const std::vector<std::string>& environment)
{
    std::string path;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (flag_name(arguments[i]) != "config") continue;
        const std::size_t equals = arguments[i].find('=');
        if (equals != std::string::npos) path = arguments[i].substr(equals + 1);
        else if (i + 1 < arguments.size()) path = arguments[i + 1];
    }
    if (path.empty()) path = lookup(environment, "NODESCOPE_CONFIG").value_or("");
    if (!path.empty()) return path;
    // Present but closed to us counts as present: it is not to be passed over in silence.
    const bool absent = ::access(default_config_file, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
    return absent ? std::string() : default_config_file;
}

layers::layers(std::vector<std::string> keys, std::vector<std::string> arguments)
    : keys_(std::move(keys)), arguments_(std::move(arguments))
{
}

void layers::add_environment(const std::vector<std::string>& environment)
{
    for (const std::string& key : keys_) {
        const std::string name = environment_name(key);
        if (const auto value = lookup(environment, name); value && is_free(key)) values_.push_back({key, *value, name});
    }
}

result<void> layers::add_file(const std::string& path)
{
    const auto settings = read_config_file(path);
    if (!settings) return settings.error();
    std::vector<layered_value> of_file;
    for (const file_setting& one : *settings) {
        const std::string place = fmt::format("{}:{}", path, one.line);
        if (std::find(keys_.begin(), keys_.end(), one.key) == keys_.end()) {
            return error(failure::invalid,
                         fmt::format("{}: there is no key \"{}\"{}", place, one.key, did_you_mean(one.key, keys_, "")));
        }
        if (!is_free(one.key)) continue;
        for (const std::string& value : one.values) {
            if (!value.empty()) of_file.push_back({one.key, value, place});
        }
    }
    values_.insert(values_.end(), of_file.begin(), of_file.end());
    return {};
}

std::string layers::source_of(std::string_view key) const
{
    const auto found =
        std::find_if(values_.begin(), values_.end(), [&](const layered_value& one) { return one.key == key; });
    return found == values_.end() ? std::string() : found->source;
}

std::string layers::place_of(std::string_view sentence) const
{
    for (const layered_value& one : values_) {
        const std::string flag = "--" + one.key;
        const std::size_t at = sentence.find(flag);
        if (at == std::string_view::npos) continue;
        const char next = at + flag.size() < sentence.size() ? sentence[at + flag.size()] : ' ';
        if (next != '-' && std::isalnum(static_cast<unsigned char>(next)) == 0) return one.source + ": ";
    }
    return {};
}

bool layers::is_free(const std::string& key) const { return !given(arguments_, key) && source_of(key).empty(); }

}  // namespace nodescope
