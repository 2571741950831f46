// The 200 answer of a processor: a JSON object of strings, never larger than a limit, because agents reject what is
// larger. What does not fit is cut at a boundary and said so.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::api {

/// Where a value may be cut.
enum class cut_at {
    nowhere,        ///< whole or not at all
    line,           ///< texts: after a newline
    array_element,  ///< JSON arrays: after an element
};

/// A value that was cut.
struct cut_note {
    std::string key;
    cut_at boundary;
    std::size_t kept = 0;  ///< lines or elements
    std::size_t total = 0;
};

class reply_object {
public:
    /// Values are kept by reference until render(): they must outlive it.
    void add(std::string_view key, std::string_view value, cut_at boundary = cut_at::nowhere);

    struct rendered {
        std::string body;
        std::vector<cut_note> cuts;
    };

    /// The object as JSON, at most `limit_bytes` long with `reserved_bytes` of them left free for members that the
    /// caller appends with append_json_member(). The longest values are cut first, all to the same length.
    /// failure::too_large when that is not enough, failure::malformed when what is to be cut as an array is not one.
    [[nodiscard]] result<rendered> render(std::size_t limit_bytes, std::size_t reserved_bytes) const;

private:
    struct member {
        std::string_view key;
        std::string_view value;
        cut_at boundary;
    };
    std::vector<member> members_;
};
}  // namespace nodescope::api
