// Where values come from besides the command line: the environment, then the configuration file.
#pragma once

#include "core/error.hpp"
#include "server/config/config.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {

/// A variable of `environment` ("NAME=value" each). An empty one is one that is not set: `NODESCOPE_KUBECONFIG=` in a
/// unit or a manifest takes it back.
std::optional<std::string> lookup(const std::vector<std::string>& environment, std::string_view name);

/// ", did you mean --timeout-nat?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known, std::string_view dashes);

/// Where the configuration file is, if there is one to read. `given` is what --config says.
std::string config_file_path(const std::string& given, const std::vector<std::string>& environment);

/// Adds the values of the environment, and those of the file (if it is named) for which the environment has none. Keys
/// that `given`, which is from the command line, has already are left out: it wins. failure::invalid for a key that
/// there is not, with the place and a near match; or whatever keeps the file from being read.
result<void> add_values_behind(std::vector<given_value>& given, const std::vector<std::string>& environment,
                               const std::string& file);

}  // namespace nodescope
