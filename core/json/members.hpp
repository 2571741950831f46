// Members picked out of JSON objects: by kind where anything else means "it does not say", by path where anything else
// is an error. Built on core/json/reader.
#pragma once

#include "core/error.hpp"
#include "core/json/reader.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace nodescope {

/// The member if it is there and of that kind; else empty, also where `object` is no object.
std::string_view json_member_of_kind(std::string_view object, std::string_view key, json_kind kind);

/// The text of a string member; empty where json_member_of_kind() is.
std::string json_text_member(std::string_view object, std::string_view key);

/// A member that is read, and where its value goes: texts decoded, integers as numbers, and a slice as it is.
struct json_target {
    std::string_view path;  ///< "State/Health/Status"
    std::variant<std::string*, std::int64_t*, std::string_view*> to;
};

/// Reads all of `wanted` in one pass. A member that is absent or null leaves its target alone; only a slice shows
/// a null. Of a repeated key the last value counts. failure::malformed when `object` is not an object, or when a member
/// has another type ("State.Pid is not an integer").
result<void> read_json_members(std::string_view object, std::initializer_list<json_target> wanted);

}  // namespace nodescope
