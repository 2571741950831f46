// The configuration file as keys and values with their lines. A part of TOML: `key = value`, where a value is a string,
// a whole number, a boolean, or an array of those. What the keys mean is server/config's business.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {

struct file_setting {
    std::string key;
    std::vector<std::string> values;  ///< one, unless it is an array
    std::size_t line = 0;             ///< of the key, from 1
};

/// `name` stands in front of the line in the sentence of failure::malformed ("config.toml:3: …"). No key comes twice.
result<std::vector<file_setting>> parse_config_text(std::string_view name, std::string_view text);

/// Reads and parses a file of at most 1 MiB that only root and our own user can change. Failures name the file.
result<std::vector<file_setting>> read_config_file(const std::string& path);

}  // namespace nodescope
