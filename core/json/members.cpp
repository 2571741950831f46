#include "core/json/members.hpp"

#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace nodescope {

namespace {

error wrong_type(std::string_view path, std::string_view wanted)
{
    std::string shown(path);
    std::replace(shown.begin(), shown.end(), '/', '.');
    return error(failure::malformed, fmt::format("{} is not {}", shown, wanted));
}

result<void> store(const json_target& target, std::string_view value)
{
    if (auto* const slice = std::get_if<std::string_view*>(&target.to)) {
        **slice = value;
    } else if (json_kind_of(value) == json_kind::null) {
        return {};
    } else if (auto* const number = std::get_if<std::int64_t*>(&target.to)) {
        const auto read = whole_number<std::int64_t>(value);
        if (!read) return wrong_type(target.path, "an integer");
        **number = *read;
    } else {
        auto text = decode_json_string(value);
        if (!text) return wrong_type(target.path, "a string");
        *std::get<std::string*>(target.to) = std::move(*text);
    }
    return {};
}

/// Reads the targets whose paths begin with `prefix`, which is how `object` was reached.
result<void> read_below(std::string_view prefix, std::string_view object, std::initializer_list<json_target> wanted)
{
    result<void> first;
    const auto member = [&](std::string_view key, std::string_view value) {
        if (key.find('/') != std::string_view::npos) return;
        std::string_view deeper;
        for (const json_target& target : wanted) {
            if (!first || !target.path.starts_with(prefix)) continue;
            const std::string_view rest = target.path.substr(prefix.size());
            if (!rest.starts_with(key)) continue;
            if (rest.size() == key.size()) first = store(target, value);
            else if (rest[key.size()] == '/') deeper = target.path.substr(0, prefix.size() + key.size() + 1);
        }
        if (!first || deeper.empty() || json_kind_of(value) == json_kind::null) return;
        if (json_kind_of(value) == json_kind::object) first = read_below(deeper, value, wanted);
        else first = wrong_type(deeper.substr(0, deeper.size() - 1), "an object");
    };
    const auto walked = for_each_json_member(object, member);
    return walked ? first : walked;
}

}  // namespace

std::string_view json_member_of_kind(std::string_view object, std::string_view key, json_kind kind)
{
    const auto value = json_member(object, key);
    return value && !value->empty() && json_kind_of(*value) == kind ? *value : std::string_view();
}

std::string json_text_member(std::string_view object, std::string_view key)
{
    const auto text = decode_json_string(json_member_of_kind(object, key, json_kind::string));
    return text ? *text : std::string();
}

result<void> read_json_members(std::string_view object, std::initializer_list<json_target> wanted)
{
    return read_below({}, object, wanted);
}

}  // namespace nodescope
