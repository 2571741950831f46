// JSON from whoever sends a request: checked by Boost.JSON's parser before any of it is looked at.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <string_view>

namespace nodescope {

/// What a text may have at most.
struct json_limits {
    std::size_t depth;
    std::size_t keys;  ///< of all objects together
};

/// As json_document() (core/json/reader), and stricter: the text is UTF-8, surrogates come in pairs, and it keeps
/// to the limits. failure::malformed with what is wrong, and at which byte if it is not a limit.
result<std::string_view> strict_json_document(std::string_view text, const json_limits& limits);

}  // namespace nodescope
