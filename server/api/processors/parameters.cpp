#include "server/api/processors/parameters.hpp"

#include "core/text.hpp"

#include <fmt/format.h>
#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <set>
#include <span>
#include <utility>

namespace nodescope::api {

namespace {

namespace json = boost::json;

/// Shown of a key in a sentence, in bytes.
constexpr std::size_t shown_key_limit = 64;

/// What Boost.JSON's parser calls. Collects top-level values of wanted keys, counts keys, remembers what is wrong.
struct collector {
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);

    explicit collector(std::span<const std::string_view> wanted_keys) : wanted(wanted_keys) {}

    bool stop(std::string why, json::error_code& code)
    {
        problem = std::move(why);
        code = json::error::exception;
        return false;
    }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }

    bool on_object_begin(json::error_code& code)
    {
        if (depth++ == 0) return true;
        return begin_nested(code);
    }
    bool on_object_end(std::size_t, json::error_code&) { return --depth, true; }

    bool on_array_begin(json::error_code& code)
    {
        if (depth++ == 0) return stop("it is an array", code);
        return begin_nested(code);
    }
    bool on_array_end(std::size_t, json::error_code&) { return --depth, true; }

    /// A wanted key with an object or array as value.
    bool begin_nested(json::error_code& code)
    {
        if (depth == 2 && current_is_wanted) {
            return stop(fmt::format("the value of \"{}\" must be a string", current_key), code);
        }
        return true;
    }

    bool on_key_part(json::string_view part, std::size_t, json::error_code&)
    {
        if (depth == 1) extend_key(part);
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code& code)
    {
        if (++keys > parameters::key_limit)
            return stop(fmt::format("it has more than {} keys", parameters::key_limit), code);
        if (depth != 1) return true;
        extend_key(part);
        key_ended = true;
        text.clear();
        current_is_wanted = std::find(wanted.begin(), wanted.end(), current_key) != wanted.end();
        if (!seen.insert(current_key).second) {
            return stop(fmt::format("the key \"{}\" stands twice", escape_untrusted(current_key, shown_key_limit)),
                        code);
        }
        return true;
    }

    bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return take(part), true; }
    bool on_string(json::string_view part, std::size_t, json::error_code& code)
    {
        if (depth == 0) return stop("it is a string", code);
        take(part);
        return keep();
    }
    bool on_number_part(json::string_view part, json::error_code&) { return take(part), true; }
    bool on_int64(std::int64_t, json::string_view part, json::error_code& code) { return on_number(part, code); }
    bool on_uint64(std::uint64_t, json::string_view part, json::error_code& code) { return on_number(part, code); }
    bool on_double(double, json::string_view part, json::error_code& code) { return on_number(part, code); }
    bool on_bool(bool value, json::error_code& code)
    {
        if (depth == 0) return stop("it is a boolean", code);
        take(value ? "true" : "false");
        return keep();
    }
    bool on_null(json::error_code& code)
    {
        if (depth == 0) return stop("it is null", code);
        if (depth == 1 && current_is_wanted) {
            return stop(fmt::format("the value of \"{}\" must be a string", current_key), code);
        }
        return true;
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

    bool on_number(json::string_view part, json::error_code& code)
    {
        if (depth == 0) return stop("it is a number", code);
        take(part);
        return keep();
    }
    void extend_key(json::string_view part)
    {
        if (std::exchange(key_ended, false)) current_key.clear();
        current_key.append(part.data(), part.size());
    }
    void take(json::string_view part)
    {
        if (depth == 1 && current_is_wanted) text.append(part.data(), part.size());
    }
    bool keep()
    {
        if (depth == 1 && current_is_wanted) values.insert_or_assign(current_key, text);
        return true;
    }

    std::span<const std::string_view> wanted;
    std::size_t depth = 0;
    std::size_t keys = 0;
    std::string current_key;
    bool key_ended = true;
    bool current_is_wanted = false;
    std::string text;
    std::set<std::string, std::less<>> seen;
    std::map<std::string, std::string, std::less<>> values;
    std::string problem;
};

error refused(std::string_view why)
{
    return error(failure::invalid, fmt::format("the request body must be a JSON object of strings: {}", why));
}

}  // namespace

result<parameters> parameters::parse(std::string_view body, std::initializer_list<std::string_view> wanted)
{
    parameters out;
    if (body.empty()) return out;

    json::parse_options options;
    options.max_depth = depth_limit;
    json::basic_parser<collector> parser(options, std::span(wanted.begin(), wanted.size()));
    json::error_code code;
    const std::size_t consumed = parser.write_some(false, body.data(), body.size(), code);
    if (!parser.handler().problem.empty()) return refused(parser.handler().problem);
    if (code) return refused(fmt::format("{} at byte {}", code.message(), consumed));
    if (consumed < body.size()) return refused(fmt::format("extra data after the object at byte {}", consumed));
    out.values_ = std::move(parser.handler().values);
    return out;
}

std::string_view parameters::get(std::string_view key) const
{
    const auto found = values_.find(key);
    return found == values_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace nodescope::api
