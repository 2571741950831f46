#include "core/json/strict.hpp"

#include "core/json/reader.hpp"

#include <fmt/format.h>
#include <boost/json/basic_parser_impl.hpp>

namespace nodescope {

namespace {

namespace json = boost::json;

/// What Boost.JSON's parser calls for each piece of the text: only keys are counted.
struct key_counter {
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);

    explicit key_counter(std::size_t keys) : limit(keys) {}

    bool on_key(json::string_view, std::size_t, json::error_code& code)
    {
        if (++count <= limit) return true;
        code = json::error::exception;
        return false;
    }
    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return true; }
    bool on_object_end(std::size_t, json::error_code&) { return true; }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t, json::error_code&) { return true; }
    bool on_key_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
    bool on_double(double, json::string_view, json::error_code&) { return true; }
    bool on_bool(bool, json::error_code&) { return true; }
    bool on_null(json::error_code&) { return true; }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

    std::size_t limit;
    std::size_t count = 0;
};

error malformed(std::string why) { return error(failure::malformed, std::move(why)); }

}  // namespace

result<std::string_view> strict_json_document(std::string_view text, const json_limits& limits)
{
    json::parse_options options;
    options.max_depth = limits.depth;
    json::basic_parser<key_counter> parser(options, limits.keys);
    json::error_code code;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), code);
    if (parser.handler().count > limits.keys) return malformed(fmt::format("it has more than {} keys", limits.keys));
    if (code) return malformed(fmt::format("{} at byte {}", code.message(), read));
    if (read < text.size()) return malformed(fmt::format("extra data after the value at byte {}", read));
    return json_document(text);
}

}  // namespace nodescope
