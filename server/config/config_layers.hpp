// Where values come from besides the command line: the environment, then the configuration file.
#pragma once

#include "core/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {

/// A variable of `environment` ("NAME=value" each). An empty one is one that is not set: `NODESCOPE_KUBECONFIG=` in a
/// unit or a manifest takes it back.
std::optional<std::string> lookup(const std::vector<std::string>& environment, std::string_view name);

/// The name in "--name" and "--name=value".
std::optional<std::string> flag_name(const std::string& argument);
bool given(const std::vector<std::string>& arguments, const std::string& flag);

/// What is only on the command line, because it says what to do and not how the service is to be.
const std::vector<std::string>& command_flags();

/// ", did you mean --timeout-nat?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known, std::string_view dashes);

/// Where the configuration file is, if there is one to read.
std::string config_file_path(const std::vector<std::string>& arguments, const std::vector<std::string>& environment);

/// One value from behind the command line.
struct layered_value {
    std::string key;
    std::string value;
    std::string source;  ///< "NODESCOPE_TIMEOUT_DOCKER", "/etc/nodescope/config.toml:3"
};

/// The values of the environment, and those of the file for which the environment has none. Keys that the command line
/// gives are left out: it wins.
class layers {
public:
    /// `keys` is everything that can be set.
    layers(std::vector<std::string> keys, std::vector<std::string> arguments);

    void add_environment(const std::vector<std::string>& environment);
    /// After add_environment(). failure::invalid for a key that there is not, with the place and a near match.
    result<void> add_file(const std::string& path);

    [[nodiscard]] const std::vector<layered_value>& values() const noexcept { return values_; }
    /// Empty when `key` is not set here.
    [[nodiscard]] std::string source_of(std::string_view key) const;
    /// "NAME: " or "FILE:LINE: " of the value that a sentence about "--key" is about, else empty.
    [[nodiscard]] std::string place_of(std::string_view sentence) const;

private:
    [[nodiscard]] bool is_free(const std::string& key) const;

    std::vector<std::string> keys_;
    std::vector<std::string> arguments_;
    std::vector<layered_value> values_;
};

}  // namespace nodescope
