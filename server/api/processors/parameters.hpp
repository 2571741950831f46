// The body of a processor request: a JSON object of strings, most of whose keys belong to somebody else (the agent
// sends the results of earlier steps along). Nothing is kept but the values asked for.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

namespace nodescope::api {

class parameters {
public:
    /// Reads `body` and keeps the values of `wanted`. An empty body is an empty object. Values of wanted keys must be
    /// strings; numbers and booleans are taken as their text; anything else is refused, as are: text that is not one
    /// JSON object, invalid UTF-8, more than `depth_limit` levels, more than `key_limit` keys, and a top-level key that
    /// stands twice; also half of a surrogate pair. All of these are failure::invalid with a sentence.
    static result<parameters> parse(std::string_view body, std::initializer_list<std::string_view> wanted);

    /// The value, empty when absent: an empty parameter means the same as none.
    [[nodiscard]] std::string_view get(std::string_view key) const;

    static constexpr std::size_t depth_limit = 32;
    static constexpr std::size_t key_limit = 4096;

private:
    std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace nodescope::api
