#include "server/api/processors/parameters.hpp"

#include "core/json/reader.hpp"
#include "core/json/strict.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace nodescope::api {

namespace {

/// Shown of a key in a sentence, in bytes.
constexpr std::size_t shown_key_limit = 64;

error refused(std::string_view why)
{
    return error(failure::invalid, fmt::format("the request body must be a JSON object of strings: {}", why));
}

std::string_view kind_name(json_kind kind) noexcept
{
    switch (kind) {
        case json_kind::object: return "an object";
        case json_kind::array: return "an array";
        case json_kind::string: return "a string";
        case json_kind::number: return "a number";
        case json_kind::boolean: return "a boolean";
        case json_kind::null: break;
    }
    return "null";
}

/// Strings, and what stands for one; nothing for the rest.
std::optional<std::string> text_of(std::string_view value)
{
    switch (json_kind_of(value)) {
        case json_kind::string: return decode_json_string(value).value();
        case json_kind::number:
        case json_kind::boolean: return std::string(value);
        default: return std::nullopt;
    }
}

}  // namespace

result<parameters> parameters::parse(std::string_view body, std::initializer_list<std::string_view> wanted)
{
    parameters out;
    if (body.empty()) return out;
    const auto document = strict_json_document(body, {.depth = depth_limit, .keys = key_limit});
    if (!document) return refused(document.error().message());
    if (const json_kind kind = json_kind_of(*document); kind != json_kind::object) {
        return refused(fmt::format("it is {}", kind_name(kind)));
    }

    std::string problem;
    std::set<std::string, std::less<>> seen;
    const auto take = [&](std::string_view key, std::string_view value) {
        if (!problem.empty()) return;
        if (!seen.emplace(key).second) {
            problem = fmt::format("the key \"{}\" stands twice", escape_untrusted(key, shown_key_limit));
        }
        if (std::find(wanted.begin(), wanted.end(), key) == wanted.end()) return;
        if (auto text = text_of(value)) out.values_.emplace(key, std::move(*text));
        else problem = fmt::format("the value of \"{}\" must be a string", key);
    };
    const auto read = for_each_json_member(*document, take);
    if (!read) return refused(read.error().message());
    if (!problem.empty()) return refused(problem);
    return out;
}

std::string_view parameters::get(std::string_view key) const
{
    const auto found = values_.find(key);
    return found == values_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace nodescope::api
