#include "server/config/config_layers.hpp"

#include "server/config/config_file.hpp"
#include "server/config/near_match.hpp"
#include "server/config/setting.hpp"

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

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known, std::string_view dashes)
{
    const std::string near = near_match(word, known);
    return near.empty() ? std::string() : fmt::format(", did you mean {}{}?", dashes, near);
}

std::string config_file_path(const std::string& given, const std::vector<std::string>& environment)
{
    if (!given.empty()) return given;
    std::string path = lookup(environment, "NODESCOPE_CONFIG").value_or("");
    if (!path.empty()) return path;
    // A file that we may not read counts as present: it must not be passed over in silence.
    const bool absent = ::access(default_config_file, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
    return absent ? std::string() : default_config_file;
}

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

}  // namespace nodescope
